import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HookPlace, HookStage } from "../../src/hooks/kinds.ts";
import { orderHooks } from "../../src/hooks/order.ts";

const NAMES = ["a", "b", "c", "d", "e"];

const place = (name: string, asked: HookPlace = {}) => ({ kind: "quote", owner: NAMES.indexOf(name), ...asked });

const ordered = (...entries: readonly ReturnType<typeof place>[]) =>
  orderHooks(entries, NAMES)
    .map(({ owner }) => NAMES[owner])
    .join("");

describe("hooks are called", () => {
  test("in order of registration when nothing is asked for", () => {
    expect(ordered(place("c"), place("a"), place("b"), place("a"))).toBe("caba");
  });

  test("by stage first", () => {
    expect(ordered(place("a", { stage: "post" }), place("b"), place("c", { stage: "pre" }), place("d"))).toBe("cbda");
  });

  test("as names ask within a stage, and otherwise as registered", () => {
    expect(ordered(place("a", { after: ["c"] }), place("b"), place("c"))).toBe("bca");
    expect(ordered(place("a"), place("b"), place("c", { before: ["a"] }))).toBe("bca");
    expect(ordered(place("a"), place("b", { after: ["d"] }), place("c"), place("d", { before: ["a"] }))).toBe("cdab");
  });

  test("whatever plugins that are not there were named", () => {
    expect(ordered(place("a", { after: ["not-there"] }), place("b", { before: ["nobody"] }))).toBe("ab");
  });

  test("a plugin's own name does not concern its own hooks", () => {
    expect(ordered(place("a", { after: ["a"] }), place("a", { before: ["a"] }))).toBe("aa");
  });
});

test("names that go round in a circle are an error with the path", () => {
  const entries = [
    place("a", { before: ["b"] }),
    place("b", { before: ["c"] }),
    place("c", { before: ["a"] }),
    place("d", { after: ["c"] }),
  ];
  expect(() => orderHooks(entries, NAMES)).toThrow(
    expect.objectContaining({
      code: "HOOK_ORDER",
      path: expect.toSatisfy(
        (path: readonly string[]) =>
          path.length === 4 && path[0] === path[3] && new Set(path).size === 3 && `${path.join("")}bc`.includes("abc"),
      ),
    }),
  );
});

test("names that contradict stages are an error", () => {
  expect(() => ordered(place("a", { stage: "post", before: ["b"] }), place("b"))).toThrow(
    "a (post) asks to be before b (normal), but stages come first",
  );
  expect(() => ordered(place("a", { stage: "pre", after: ["b"] }), place("b"))).toThrow(
    expect.objectContaining({ code: "HOOK_ORDER", path: ["a", "b"] }),
  );
  expect(ordered(place("a", { stage: "post", after: ["b"] }), place("b"))).toBe("ba");
});

test("any order that names and stages allow holds them, and every error names a real contradiction", () => {
  const names = fc.subarray(NAMES, { maxLength: 2 });
  const entry = fc.record({
    kind: fc.constant("quote"),
    owner: fc.integer({ min: 0, max: NAMES.length - 1 }),
    stage: fc.constantFrom<HookStage | undefined>(undefined, "pre", "normal", "post"),
    before: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: names }),
    after: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: names }),
  });
  const rank = { pre: 0, normal: 1, post: 2 };
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
      let result: readonly (typeof entries)[number][];
      try {
        result = orderHooks(entries, NAMES);
      } catch (error) {
        expect(error).toMatchObject({ code: "HOOK_ORDER" });
        expect((error as { path: readonly string[] }).path.length).toBeGreaterThanOrEqual(2);
        return;
      }
      expect(new Set(result)).toEqual(new Set(entries));
      expect(result).toHaveLength(entries.length);
      result.forEach((first, i) => {
        for (const second of result.slice(i + 1)) {
          expect(rank[first.stage ?? "normal"]).toBeLessThanOrEqual(rank[second.stage ?? "normal"]);
          if (first.owner === second.owner) continue;
          expect(first.after ?? []).not.toContain(NAMES[second.owner]);
          expect(second.before ?? []).not.toContain(NAMES[first.owner]);
        }
      });
    }),
  );
});
