import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Chain, Link } from "../../src/transport/chain.ts";
import { Due, DueList } from "../../src/transport/due-list.ts";

class Item extends Due<Item> {
  readonly name: string;
  readonly told: string[];
  readonly list: DueList<Item>;

  constructor(name: string, told: string[], list: DueList<Item>) {
    super();
    this.name = name;
    this.told = told;
    this.list = list;
  }

  onDue(): void {
    this.told.push(this.name);
    this.list.remove(this);
  }
}

describe("a due list", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function setUp() {
    const clock = new ManualClock();
    const list = new DueList<Item>(clock);
    const told: string[] = [];
    const add = (name: string, inMs: number) => {
      const item = new Item(name, told, list);
      item.dueNs = clock.monotonicNs() + inMs * 1e6;
      list.add(item, clock.monotonicNs());
      return item;
    };
    const pass = (ms: number) => {
      clock.advance({ ms });
      vi.advanceTimersByTime(ms);
    };
    return { list, told, add, pass };
  }

  test("tells each when its time has come, whatever their order", () => {
    const { told, add, pass } = setUp();
    add("c", 30);
    add("a", 10);
    add("b", 20);
    pass(9);
    expect(told).toEqual([]);
    pass(1);
    expect(told).toEqual(["a"]);
    pass(10);
    pass(10);
    expect(told).toEqual(["a", "b", "c"]);
  });

  test("has one timer, which is not set again for those that last as long as the first", () => {
    const { list, add, pass, told } = setUp();
    const set = vi.spyOn(globalThis, "setTimeout");
    for (let i = 0; i < 100; i++) {
      list.remove(add(`${i}`, 1_000));
      pass(1);
    }
    add("last", 1_000);
    expect(set).toHaveBeenCalledTimes(1);
    pass(900);
    expect(vi.getTimerCount()).toBe(1); // it was early for the last
    pass(100);
    expect(told).toEqual(["last"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("does not mind one that takes others out", () => {
    const { list, told, add, pass } = setUp();
    const first = add("first", 10);
    const [second, third] = [add("second", 10), add("third", 20)];
    first.onDue = () => {
      for (const item of [first, second]) list.remove(item);
    };
    second.onDue = () => {}; // it is still told, as it was due: an attempt that has settled takes no notice
    pass(10);
    pass(10);
    expect(told.at(-1)).toBe("third");
    expect(list.first).toBeUndefined();
    expect(third.next).toBeUndefined();
  });

  test("may be told of again, at a later time", () => {
    const { add, pass, told } = setUp();
    const item = add("again", 10);
    item.onDue = () => {
      told.push("again");
      item.dueNs += 10e6;
    };
    for (let i = 0; i < 3; i++) pass(10);
    expect(told).toEqual(["again", "again", "again"]);
  });

  test("has no timer after close", () => {
    const { list, add } = setUp();
    add("a", 10);
    list.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("a chain keeps the order in which links came, whoever leaves", () => {
  class Named extends Link<Named> {}
  const step = fc.option(fc.nat(20), { nil: "add" as const });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const chain = new Chain<Named>();
      const model: Named[] = [];
      for (const it of steps) {
        if (it === "add") {
          const link = new Named();
          chain.add(link);
          model.push(link);
        } else {
          const [link] = model.splice(it % Math.max(1, model.length), 1);
          if (link !== undefined) chain.remove(link);
        }
        const found: Named[] = [];
        for (let link = chain.first; link !== undefined; link = link.next) found.push(link);
        expect(found.every((link, i) => link === model[i]) && found.length === model.length).toBe(true);
      }
    }),
  );
});
