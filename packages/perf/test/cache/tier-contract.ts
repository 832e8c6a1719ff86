import * as fc from "fast-check";
import { expect, test } from "vitest";
import { matchesGlob } from "../../src/cache/glob.ts";
import type { Tier, TierEntry } from "../../src/cache/tier.ts";

export const entryOf = (value: string | null, tags: readonly string[] = []): TierEntry => ({
  value,
  freshUntilUs: 2_000_000_000_000_000,
  staleUntilUs: 2_000_000_000_000_001,
  tags,
});

/** What every tier must do; `create` makes an empty one and how to close it. */
export function testTier(create: () => { readonly tier: Tier; readonly close: () => void }): void {
  const withTier = async (work: (tier: Tier) => Promise<void>) => {
    const { tier, close } = create();
    try {
      await work(tier);
    } finally {
      close();
    }
  };

  test("gives back what was written, with the epoch of the moment", () =>
    withTier(async (tier) => {
      const { entry, epoch } = await tier.get("k");
      expect(entry).toBeUndefined();
      expect(await tier.set("k", entryOf("1", ["x"]), epoch)).toBe(true);
      expect(await tier.get("k")).toEqual({ entry: entryOf("1", ["x"]), epoch });
      expect(await tier.set("k", entryOf(null), epoch)).toBe(true);
      expect(await tier.get("k")).toEqual({ entry: entryOf(null), epoch });
    }));

  test("an invalidation deletes what it means and counts one", () =>
    withTier(async (tier) => {
      const { epoch } = await tier.get("k");
      for (const [key, tags] of [
        ["a:1", ["x"]],
        ["a:2", ["x", "y"]],
        ["b:1", ["y"]],
        ["b:2", []],
      ] as const) {
        await tier.set(key, entryOf("v", tags), epoch);
      }
      const left = async () => {
        const found = [];
        for (const key of ["a:1", "a:2", "b:1", "b:2"]) if ((await tier.get(key)).entry !== undefined) found.push(key);
        return found;
      };
      expect(await tier.invalidate([{ kind: "key", text: "a:1" }])).toBe(epoch + 1);
      expect(await left()).toEqual(["a:2", "b:1", "b:2"]);
      const two = [
        { kind: "tag", text: "x" },
        { kind: "tag", text: "none" },
      ] as const;
      expect(await tier.invalidate(two)).toBe(epoch + 3);
      expect(await left()).toEqual(["b:1", "b:2"]);
      await tier.invalidate([{ kind: "glob", text: "?:1" }]);
      expect(await left()).toEqual(["b:2"]);
      await tier.invalidate([{ kind: "glob", text: "*" }]);
      expect(await left()).toEqual([]);
    }));

  test("refuses a write that an invalidation has overtaken, by key, tag or glob, and no other", () =>
    withTier(async (tier) => {
      const { epoch } = await tier.get("k");
      await tier.invalidate([
        { kind: "key", text: "k" },
        { kind: "tag", text: "x" },
        { kind: "glob", text: "m*" },
      ]);
      expect(await tier.set("k", entryOf("old"), epoch)).toBe(false);
      expect(await tier.set("l", entryOf("old", ["y", "x"]), epoch)).toBe(false);
      expect(await tier.set("m:1", entryOf("old"), epoch)).toBe(false);
      expect(await tier.set("l", entryOf("new", ["y"]), epoch)).toBe(true);
      expect(await tier.set("k", entryOf("new"), epoch + 3)).toBe(true);
      expect((await tier.get("m:1")).entry).toBeUndefined();
    }));

  test("refuses an epoch that has not been yet, and one too long ago to tell", () =>
    withTier(async (tier) => {
      const { epoch } = await tier.get("k");
      expect(await tier.set("k", entryOf("v"), epoch + 1)).toBe(false);
      const others = Array.from({ length: 100 }, (_, i) => ({ kind: "key" as const, text: `other:${i}` }));
      for (let i = 0; i < 101; i++) await tier.invalidate(others);
      expect(await tier.set("k", entryOf("v"), epoch)).toBe(false);
    }));

  test("an overwritten entry can no longer be found by its former tags", () =>
    withTier(async (tier) => {
      await tier.set("k", entryOf("1", ["x"]), 0);
      await tier.set("k", entryOf("2", ["y"]), 0);
      await tier.invalidate([{ kind: "tag", text: "x" }]);
      expect((await tier.get("k")).entry).toEqual(entryOf("2", ["y"]));
      await tier.invalidate([{ kind: "tag", text: "y" }]);
      expect((await tier.get("k")).entry).toBeUndefined();
    }));

  test("globs mean the same on every tier", () =>
    withTier(async (tier) => {
      const unit = fc.constantFrom("a", "b", "[", "]", "^", "-", "😀", "*", "?");
      const text = fc.string({ unit, minLength: 1, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(text, text, async (pattern, key) => {
          const { epoch } = await tier.get(key);
          await tier.set(key, entryOf("v"), epoch);
          await tier.invalidate([{ kind: "glob", text: pattern }]);
          expect((await tier.get(key)).entry === undefined).toBe(matchesGlob(pattern, key));
          expect(await tier.set(key, entryOf("v"), epoch)).toBe(!matchesGlob(pattern, key));
        }),
        { numRuns: 500 },
      );
    }));
}
