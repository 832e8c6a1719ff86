import fc from "fast-check";
import { expect, test } from "vitest";
import { formatBootTree } from "../../src/plugins/boot-tree.ts";
import { PluginBootError } from "../../src/plugins/errors.ts";
import { toNeeds, toProvisions } from "../../src/plugins/needs.ts";
import { orderPlugins, type PluginNode } from "../../src/plugins/order.ts";

const GROUND = { version: "1.2.3", provides: [{ capability: "clock", version: "1.0.0" }] };

function node(
  name: string,
  given: Partial<Record<"requires" | "optional" | "provides", object>> = {},
  more = {},
): PluginNode {
  return {
    name,
    version: "1.0.0",
    pitlane: undefined,
    requires: toNeeds(name, given.requires as never),
    optional: toNeeds(name, given.optional as never),
    provides: toProvisions(name, "1.0.0", given.provides as never),
    ...more,
  };
}

function failure(nodes: readonly PluginNode[]): PluginBootError {
  try {
    orderPlugins(nodes, GROUND);
  } catch (error) {
    if (error instanceof PluginBootError) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

test("providers come before those who use them, the rest as given", () => {
  const nodes = [node("user", { requires: ["vwap"] }), node("other"), node("vwap-plugin", { provides: ["vwap"] })];
  expect(orderPlugins(nodes, GROUND)).toEqual({ order: [2, 0, 1], uses: [[2], [], []] });
});

test("a plugin's own name and what the runtime has are capabilities too", () => {
  const nodes = [node("a", { requires: { b: "^1.0.0", clock: "1" } }), node("b")];
  expect(orderPlugins(nodes, GROUND).order).toEqual([1, 0]);
});

test("what is optional orders when it is there, and is not missed when it is not", () => {
  expect(orderPlugins([node("a", { optional: ["b", "c"] }), node("b")], GROUND).order).toEqual([1, 0]);
});

test.each([
  ["PLUGIN_MISSING_NEED", [node("a", { requires: ["vwap"] })], ["a", "vwap"], "add a plugin that provides vwap"],
  [
    "PLUGIN_NEED_VERSION",
    [node("a", { requires: { vwap: "^2" } }), node("b", { provides: { vwap: "1.9.0" } })],
    ["a", "vwap", "b"],
    "install versions of a and b that fit",
  ],
  ["PLUGIN_DUPLICATE", [node("a"), node("a")], ["a", "a"], "give one of them another name"],
  [
    "PLUGIN_DUPLICATE_PROVIDER",
    [node("a", { provides: ["vwap"] }), node("b", { provides: ["vwap"] })],
    ["a", "vwap", "b"],
    "leave one of them out",
  ],
  [
    "PLUGIN_DUPLICATE_PROVIDER",
    [node("a", { provides: ["clock"] })],
    ["pitlane", "clock", "a"],
    "leave one of them out",
  ],
  [
    "PLUGIN_CYCLE",
    [node("a", { requires: ["b"] }), node("b", { requires: ["c"] }), node("c", { requires: ["a"] })],
    ["a", "b", "c", "a"],
    "move what both use",
  ],
  ["PLUGIN_CYCLE", [node("a", { requires: ["x"], provides: ["x"] })], ["a", "a"], "remove it"],
  [
    "PLUGIN_HOST_VERSION",
    [node("a", {}, { pitlane: "^2" })],
    ["a", "pitlane"],
    "install a version of a for pitlane 1.2.3",
  ],
])("%s is told with its path and its fix", (code, nodes, path, fix) => {
  const error = failure(nodes);
  expect(error).toMatchObject({ code, path });
  expect(error.fix).toContain(fix);
  expect(error.message).toContain(error.fix);
});

test("a range or a name that cannot be read is refused by name", () => {
  expect(() => toNeeds("a", { b: "one or so" })).toThrow('a: b\'s range "one or so" is no semver range');
  expect(() => toNeeds("a", ["not a name"])).toThrow("is no capability's name");
  expect(() => toProvisions("a", "1.0.0", { b: "1" })).toThrow("is no semver version");
});

test("any acyclic needs are ordered: all once, each after what it uses", () => {
  const graphs = fc.array(fc.array(fc.nat(40), { maxLength: 5 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(graphs, fc.integer({ min: 0, max: 1e6 }), (wishes, seed) => {
      // Needs point to lower ranks alone, so there is no circle; ranks are dealt out in any order.
      const ranks = wishes.map((_, i) => i).sort((a, b) => ((a * 7919 + seed) % 1009) - ((b * 7919 + seed) % 1009));
      const nodes = wishes.map((wanted, i) => {
        const lower = ranks.flatMap((rank, other) => (rank < ranks[i]! ? [`p${other}`] : []));
        const requires = [...new Set(lower.length === 0 ? [] : wanted.map((wish) => lower[wish % lower.length]!))];
        return node(`p${i}`, { requires });
      });
      const { order, uses } = orderPlugins(nodes, GROUND);
      expect([...order].sort((a, b) => a - b)).toEqual(nodes.map((_, i) => i));
      for (const [i, used] of uses.entries())
        for (const other of used) expect(order.indexOf(other)).toBeLessThan(order.indexOf(i));
    }),
  );
});

test("a circle anywhere is found and told as one: each of its steps is a need", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 0, max: 8 }), (length, before) => {
      const line = Array.from({ length: before }, (_, i) =>
        node(`l${i}`, { requires: [i + 1 < before ? `l${i + 1}` : "c0"] }),
      );
      const circle = Array.from({ length }, (_, i) => node(`c${i}`, { requires: [`c${(i + 1) % length}`] }));
      const { code, path } = failure([...line, ...circle]);
      expect(code).toBe("PLUGIN_CYCLE");
      expect(path).toHaveLength(length + 1);
      for (let i = 0; i < length; i++) {
        const step = circle.find(({ name }) => name === path[i])!;
        expect(step.requires.map(({ capability }) => capability)).toContain(path[i + 1]);
      }
    }),
  );
});

test("the boot tree shows who uses whom, once in full, with times", () => {
  const plain = { version: "1.0.0", worker: false, provides: [] };
  const text = formatBootTree(
    [
      { ...plain, name: "vwap", elapsedNs: 1_100_000, uses: [], provides: ["vwap"] },
      { ...plain, name: "trend", elapsedNs: 400_000, uses: ["vwap"] },
      { ...plain, name: "fade", elapsedNs: 50_000, uses: ["vwap"], worker: true },
    ],
    "1.2.3",
  );
  expect(text.split("\n")).toEqual([
    "pitlane 1.2.3, 3 plugins in 1.6 ms",
    "├─ trend 1.0.0 (0.4 ms)",
    "│  └─ vwap 1.0.0 (1.1 ms) provides vwap",
    "└─ fade 1.0.0 (0.1 ms) in a worker",
    "   └─ vwap *",
  ]);
});
