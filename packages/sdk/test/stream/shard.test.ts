import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { place, type ShardFeed, Shards } from "../../src/stream/shard.ts";

const groupOf = (name: string) => name.split("@")[0] as string;

describe("placing names", () => {
  test("keeps a group together and takes as few shards as it can", () => {
    expect(place([], ["a@1", "a@2", "b@1", "b@2", "c@1"], 3, groupOf)).toEqual([
      ["a@1", "a@2", "c@1"],
      ["b@1", "b@2"],
    ]);
  });

  test("puts more of a group where it is, and what does not fit elsewhere", () => {
    const shards = [new Set(["a@1", "a@2"]), new Set(["b@1"])];
    expect(place(shards, ["a@3", "a@4", "b@2"], 3, groupOf)).toEqual([["a@3"], ["a@4", "b@2"]]);
  });

  test("splits a group that is larger than a shard", () => {
    expect(place([], ["a@1", "a@2", "a@3", "a@4", "a@5"], 2, groupOf)).toEqual([
      ["a@1", "a@2"],
      ["a@3", "a@4"],
      ["a@5"],
    ]);
  });

  test("never overfills, loses or repeats one", () => {
    const name = fc.tuple(fc.constantFrom(..."abcdefgh"), fc.integer({ min: 0, max: 9 })).map(([g, n]) => `${g}@${n}`);
    const shard = fc.uniqueArray(name, { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(shard, { maxLength: 3 }), fc.array(name, { maxLength: 60 }), (given, names) => {
        const taken = new Set<string>();
        const shards = given.map((list) => new Set(list.filter((one) => !taken.has(one) && taken.add(one))));
        const missing = names.filter((one) => !taken.has(one));
        const placed = place(shards, missing, 5, groupOf);
        expect(placed.flat().sort()).toEqual([...new Set(missing)].sort());
        placed.forEach((added, i) => {
          expect(added.length + (shards[i]?.size ?? 0)).toBeLessThanOrEqual(5);
        });
      }),
    );
  });
});

class FakeFeed implements ShardFeed {
  readonly log: string[] = [];
  readonly #first: string;

  constructor(names: readonly string[]) {
    this.#first = names.join();
  }

  add(names: readonly string[]): void {
    this.log.push(`add ${names.join()}`);
  }

  remove(names: readonly string[]): void {
    this.log.push(`remove ${names.join()}`);
  }

  refresh(names: readonly string[]): void {
    this.log.push(`refresh ${names.join()}`);
  }

  async whenReady(): Promise<void> {
    this.log.push(`ready with ${this.#first}`);
  }

  async close(): Promise<void> {
    this.log.push("close");
  }
}

describe("shards", () => {
  const setUp = () => new Shards({ most: 2, groupOf, open: (names) => new FakeFeed(names) });

  test("open as many as are needed, and wait for those that changed", async () => {
    const shards = setUp();
    await shards.add(["a@1", "a@2", "b@1"]);
    await shards.add(["b@2", "a@1"]);
    expect(shards.feeds.map(({ log }) => log)).toEqual([
      ["ready with a@1,a@2"],
      ["ready with b@1", "add b@2", "ready with b@1"],
    ]);
  });

  test("close one that is empty, and reuse the room in others", async () => {
    const shards = setUp();
    await shards.add(["a@1", "a@2", "b@1", "b@2"]);
    const [first, second] = shards.feeds;
    await shards.remove(["a@1", "a@2", "b@1", "unknown"]);
    expect([first?.log.at(-1), second?.log.at(-1)]).toEqual(["close", "remove b@1"]);
    await shards.add(["c@1"]);
    expect(shards.feeds).toEqual([second]);
    expect(second?.log.slice(-2)).toEqual(["add c@1", "ready with b@1,b@2"]);
  });

  test("refresh names where they are", async () => {
    const shards = setUp();
    await shards.add(["a@1", "a@2", "b@1"]);
    shards.refresh(["b@1", "a@2"]);
    expect(shards.feeds.map(({ log }) => log.at(-1))).toEqual(["refresh a@2", "refresh b@1"]);
    await shards.close();
    expect(shards.feeds).toEqual([]);
  });

  test("refuse a limit out of range", () => {
    expect(() => new Shards({ most: 0, groupOf, open: (names) => new FakeFeed(names) })).toThrow(InvalidInputError);
  });
});
