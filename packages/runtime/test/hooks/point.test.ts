import { ManualClock } from "@pitlane/perf/testing";
import { describe, expect, test } from "vitest";
import { EventKinds } from "../../src/bus/kinds.ts";
import { Dispatcher } from "../../src/hooks/dispatcher.ts";
import type { HookEntry } from "../../src/hooks/kinds.ts";
import { allow, deny } from "../../src/hooks/verdict.ts";
import { testInstrument } from "../../src/testing.ts";

const [first, second] = [testInstrument({ symbol: "AAA/USDT" }), testInstrument({ symbol: "BBB/USDT" })];

function setUp(...entries: readonly Partial<HookEntry>[]) {
  const faults: string[] = [];
  const dispatcher = new Dispatcher({
    kinds: new EventKinds(),
    instruments: [first, second],
    owners: ["a", "b", "c"],
    entries: entries.map((entry, owner) => ({
      kind: "intent",
      instrument: undefined,
      owner,
      handler: () => {},
      ...entry,
    })),
    points: ["intent"],
    clock: new ManualClock(),
    onFault: (owner, kind, error, policy) => faults.push(`${owner} ${kind} ${(error as Error).message} ${policy}`),
  });
  return { dispatcher, faults };
}

const fail = () => {
  throw new Error("bad");
};

describe("waterfall", () => {
  test("passes a value through: each may change it, one that returns nothing or fails leaves it", () => {
    const { dispatcher, faults } = setUp(
      { handler: (value: number) => value + 1 },
      { handler: fail },
      { handler: (value: number) => value * 10, stage: "post" },
      { handler: () => undefined, owner: 0 },
    );
    const point = dispatcher.waterfall<number>("intent");
    expect(point.call(1, 0)).toBe(20);
    expect(faults).toEqual(["1 intent bad isolate"]);
    dispatcher.setActive(2, false);
    expect(point.call(1, 0)).toBe(2);
  });

  test("hears of the instruments that were asked for", () => {
    const { dispatcher } = setUp(
      { handler: (value: number) => value + 1, instrument: second },
      { handler: (value: number) => value + 10, instrument: [first, second] },
      { handler: (value: number) => value + 100 },
    );
    const point = dispatcher.waterfall<number>("intent");
    expect([point.call(0, 0), point.call(0, 1), point.call(0, -1)]).toEqual([110, 111, 100]);
  });
});

describe("a strict waterfall", () => {
  function steps() {
    const seen: string[] = [];
    return {
      seen,
      take: (value: number, answer: unknown) => {
        if (typeof answer !== "number") throw new Error("no number");
        return value + answer;
      },
      called: (owner: number) => void seen.push(`called ${owner}`),
      broke: (owner: number, error: unknown) =>
        void seen.push(`broke ${owner} ${(error as Error | undefined)?.message}`),
    };
  }

  test("passes what each answer makes of the value, and tells handlers what it is about", () => {
    const { dispatcher } = setUp(
      { handler: (value: number) => value },
      { handler: () => {} },
      {
        handler: ((value: number, about: string) => value + about.length) as unknown as HookEntry["handler"],
      },
    );
    const walk = steps();
    const point = dispatcher.strictWaterfall<number>("intent", walk);
    expect(point.isEmpty).toBe(false);
    expect(point.call(1, 0, "four")).toBe(8);
    expect(walk.seen).toEqual(["called 0", "called 1", "called 2"]);
  });

  test.each([
    ["fails", { handler: fail }, "bad"],
    ["returns a promise", { handler: async () => 1 }, 'a hook of "intent" returned a promise'],
    ["answers what cannot be taken", { handler: () => "text" }, "no number"],
  ])("ends at a handler that %s, which is a fault", (_what, entry, words) => {
    const { dispatcher, faults } = setUp({ handler: () => 1 }, entry, { handler: () => 1 });
    const walk = steps();
    expect(dispatcher.strictWaterfall<number>("intent", walk).call(1, 0, undefined)).toBeUndefined();
    expect(walk.seen).toEqual(["called 0", expect.stringContaining(`broke 1 ${words}`), "called 1"]);
    expect(faults).toHaveLength(1);
  });

  test("ends at a handler whose plugin has been switched off, which is no fault", () => {
    const { dispatcher, faults } = setUp({ handler: () => 1 }, { handler: () => 1 });
    const walk = steps();
    const point = dispatcher.strictWaterfall<number>("intent", walk);
    dispatcher.setActive(1, false);
    expect(point.call(1, 0, undefined)).toBeUndefined();
    expect([walk.seen, faults]).toEqual([["called 0", "broke 1 undefined"], []]);
  });

  test("without handlers is empty and gives the value back", () => {
    const { dispatcher } = setUp();
    const point = dispatcher.strictWaterfall<number>("intent", steps());
    expect([point.isEmpty, point.call(1, 0, undefined)]).toEqual([true, 1]);
  });
});

describe("bail", () => {
  test("ends at the first answer", () => {
    const asked: string[] = [];
    const { dispatcher, faults } = setUp(
      { handler: () => void asked.push("a") },
      { handler: () => Promise.reject(new Error("unheard")) },
      { handler: () => "c" },
      { owner: 0, handler: () => asked.push("never") },
    );
    const point = dispatcher.bail<number, string>("intent");
    expect(point.call(1, 0)).toBe("c");
    expect(asked).toEqual(["a"]);
    expect(faults).toEqual([expect.stringContaining('1 intent a hook of "intent" returned a promise')]);
  });

  test("has no answer when nobody gives one", () => {
    expect(
      setUp({ handler: () => undefined })
        .dispatcher.bail<number, string>("intent")
        .call(1, 0),
    ).toBeUndefined();
  });
});

describe("vote", () => {
  test("hears all, keeps every verdict, and any veto denies", () => {
    const { dispatcher } = setUp({ handler: allow }, { handler: () => deny("NO", "not now") }, { handler: allow });
    expect(dispatcher.vote<number>("intent").call(1, 0)).toEqual({
      allowed: false,
      verdicts: [
        { voter: "a", verdict: { allowed: true } },
        { voter: "b", verdict: { allowed: false, code: "NO", reason: "not now" } },
        { voter: "c", verdict: { allowed: true } },
      ],
    });
  });

  test("passes when all allow, and when nobody votes", () => {
    expect(setUp({ handler: allow }, { handler: allow }).dispatcher.vote<number>("intent").call(1, 0).allowed).toBe(
      true,
    );
    expect(setUp().dispatcher.vote<number>("intent").call(1, 0)).toEqual({ allowed: true, verdicts: [] });
  });

  test.each([
    ["an error", fail, "VOTER_FAILED"],
    ["a promise", async () => allow(), "VOTER_FAILED"],
    ["no verdict", () => true, "VOTER_FAILED"],
  ])("%s denies and is a fault", (_what, handler, code) => {
    const { dispatcher, faults } = setUp({ handler });
    expect(dispatcher.vote<number>("intent").call(1, 0)).toMatchObject({
      allowed: false,
      verdicts: [{ verdict: { code } }],
    });
    expect(faults).toHaveLength(1);
  });

  test("a voter whose plugin is switched off denies: its check is no longer made", () => {
    const { dispatcher, faults } = setUp({ handler: fail, onError: "quarantine" }, { handler: allow });
    const point = dispatcher.vote<number>("intent");
    expect(point.call(1, 0).verdicts.map(({ verdict }) => verdict)).toMatchObject([
      { code: "VOTER_FAILED" },
      { allowed: true },
    ]);
    expect(point.call(1, 0).verdicts.map(({ verdict }) => verdict)).toMatchObject([
      { code: "VOTER_INACTIVE" },
      { allowed: true },
    ]);
    expect(faults).toEqual(["0 intent bad quarantine"]);
  });
});

test("a point takes over handlers that replace others", () => {
  const { dispatcher } = setUp({ handler: () => 1 }, { handler: () => 2 });
  const point = dispatcher.bail<number, number>("intent");
  dispatcher.replace(0, []);
  expect(point.call(0, 0)).toBe(2);
  dispatcher.replace(0, [{ kind: "intent", instrument: undefined, owner: 0, handler: () => 3, stage: "pre" }]);
  expect(point.call(0, 0)).toBe(3);
});

test("a point must be declared, and is made once", () => {
  const { dispatcher } = setUp();
  dispatcher.vote("intent");
  expect(() => dispatcher.vote("intent")).toThrow("made before");
  expect(() => dispatcher.vote("other")).toThrow('"other" is not among');
});
