import { expect, test } from "vitest";
import { unheardKinds } from "../../src/backtest/unheard.ts";
import type { HookEntry } from "../../src/hooks/kinds.ts";
import { testInstrument } from "../../src/testing.ts";

const aaa = testInstrument();
const bbb = testInstrument({ symbol: "BBB/USDT" });
const hook = (kind: string, more: Partial<HookEntry> = {}): HookEntry => ({
  kind,
  instrument: undefined,
  owner: 0,
  handler: () => {},
  ...more,
});

test.each([
  ["bars", hook("bar"), 0],
  ["bars", hook("quote"), 1],
  ["trades", hook("trade"), 0],
  ["trades", hook("bar"), 1],
  ["trades", hook("bar", { every: "1m" }), 0],
  ["depth", hook("book"), 0],
  ["depth", hook("bar"), 1],
  ["depth", hook("bar", { every: "1m" }), 0],
  ["bars", hook("fill"), 0],
  ["bars", hook("gap"), 0],
] as const)("data of tier %s and a hook %j: %i unheard", (tier, entry, count) => {
  expect(unheardKinds([entry], ["maker"], new Map([[aaa, tier]]))).toHaveLength(count);
});

test("one instrument that tells it is enough for a hook of all, and not for a hook of another", () => {
  const tiers = new Map([
    [aaa, "bars" as const],
    [bbb, "depth" as const],
  ]);
  expect(unheardKinds([hook("quote")], ["maker"], tiers)).toEqual([]);
  expect(
    unheardKinds([hook("quote", { instrument: aaa }), hook("quote", { instrument: aaa })], ["maker"], tiers),
  ).toEqual([
    'maker hears nothing of the market: it listens to "quote" events, and data of tier bars tell "bar"; take data of tier depth (recordings and journals)',
  ]);
});

test("one that hears other events is told what it misses, with the tiers that have it", () => {
  const hooks = [hook("bar"), hook("trade")];
  expect(unheardKinds(hooks, ["maker"], new Map([[aaa, "bars"]]))).toEqual([
    'maker listens to "trade" events, and data of tier bars tell "bar"; take data of tier trades (trades) or data of tier depth (recordings and journals)',
  ]);
  expect(unheardKinds([hook("bar")], ["maker"], new Map([[aaa, "trades"]]))).toEqual([
    'maker hears nothing of the market: it listens to "bar" events, and data of tier trades tell "trade"; name its length, as in { every: "1m" }, or take data of tier bars (candles)',
  ]);
});

test("what a plugin makes do without is no news", () => {
  const hooks = [hook("quote", { optional: true }), hook("trade", { optional: true }), hook("bar", { optional: true })];
  for (const tier of ["bars", "trades", "depth"] as const)
    expect(unheardKinds(hooks, ["bracket"], new Map([[aaa, tier]]))).toEqual([]);
});
