import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Core } from "../../src/core/core.ts";
import { checkConfig, definePlugin, type Intent, type OrderView, type Signal } from "../../src/index.ts";
import { bodyText } from "../../src/journal/body-text.ts";
import { createStageLatencies } from "../../src/latency.ts";
import { INTENT_KINDS, isTriggered, isUnpriced } from "../../src/orders/kinds.ts";
import { isFinal } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const GOOD: Intent = {
  instrument,
  side: "buy",
  type: "limit",
  timeInForce: "IOC",
  priceTicks: 100_000,
  sizeLots: 1000,
};

const STOP: Intent = {
  instrument,
  side: "sell",
  type: "stopLimit",
  triggerTicks: 99_000,
  priceTicks: 98_900,
  sizeLots: 1000,
};

interface Attempt {
  readonly wanted: unknown;
  readonly isSignal?: boolean;
}

/** A core whose plugin hands over what `attempt` is on a quote, with all that it was told and sent. */
async function setUp(attempts: Attempt[]) {
  const faults: string[] = [];
  const orders: OrderView[] = [];
  const sent: OrderView[] = [];
  const journal: string[] = [];
  const clock = new ManualClock();
  const plugin = definePlugin({
    name: "loose",
    setup: (ctx) =>
      ctx.on("quote", () => {
        const { wanted, isSignal = false } = attempts.shift()!;
        orders.push(isSignal ? ctx.submitSignal(wanted as Signal) : ctx.submit(wanted as Intent));
      }),
  });
  const core = await Core.create({
    runKey: "k",
    config: checkConfig({ execution: { queue: 1_000_000 }, risk: { maxOpenOrders: 1_000_000 } }, "test"),
    instruments: [instrument],
    plugins: [{ plugin }],
    budgets: { faults: 1_000_000, ordersPerMinute: 1_000_000 },
    seed: 1,
    startedAtUs: clock.nowUs(),
    journal: { append: (_kind, body) => journal.push(bodyText(body)), commit: () => {} },
    wire: { send: ({ order }) => sent.push(order), cancel: () => {} },
    book: () => undefined,
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: () => {},
    log: () => {},
    onFault: (_source, message) => faults.push(message),
    onHalt: () => {},
  });
  const top = { bidTicks: 100_000, bidLots: 1, askTicks: 100_010, askLots: 1, sequence: 1 };
  const quote = () => {
    core.onMarket({ kind: "quote", instrument, venueAtUs: 0, receivedAtUs: core.nowUs, receivedNs: 0, ...top }, 0);
    core.drain();
  };
  return { core, quote, faults, orders, sent, journal };
}

const odd = fc.oneof(
  fc.anything(),
  fc.constantFrom("stop", "takeProfitLimit", 99_000, 500),
  fc.constantFrom("BUY", "SELL", "buy", "sell", "market", "LIMIT", "GTX", "GTC", "5", 5n, null, Number.NaN, -1, 1e308),
  fc.constant(Symbol("odd")),
  fc.constant(() => 1),
  fc.constant(Object.create(null)),
);
const change = fc.dictionary(
  fc.oneof(
    fc.constantFrom(
      ...Object.keys(GOOD),
      "tag",
      "priority",
      "confidence",
      "maxLatencyMs",
      "reduceOnly",
      "expectedProfit",
      "maxSlippageBps",
      "stopTicks",
      "triggerTicks",
      "trailingBps",
    ),
    fc.string(),
  ),
  odd,
  { minKeys: 1, maxKeys: 3 },
);
const wanted = fc.oneof(
  { weight: 4, arbitrary: change.map((changes) => ({ ...GOOD, ...changes })) },
  { weight: 1, arbitrary: change.map((changes) => ({ ...STOP, ...changes })) },
  { weight: 1, arbitrary: odd },
);

test("whatever a strategy hands over, it is denied or told to be wrong, and the next good order goes", async () => {
  const attempts: Attempt[] = [];
  const { core, quote, faults, orders, sent } = await setUp(attempts);
  fc.assert(
    fc.property(wanted, fc.boolean(), (junk, isSignal) => {
      const [ordersBefore, faultsBefore, sentBefore] = [orders.length, faults.length, sent.length];
      attempts.push({
        wanted: isSignal && typeof junk === "object" && junk !== null ? withoutType(junk) : junk,
        isSignal,
      });
      quote();
      const made = orders.slice(ordersBefore);
      expect(made.length + faults.length - faultsBefore).toBe(1);
      for (const order of made) expect(isFinal(order.state) || sent.includes(order)).toBe(true);
      for (const order of sent.slice(sentBefore)) expect(isWellFormed(order.intent)).toBe(true);
      attempts.push({ wanted: GOOD });
      quote();
      const good = orders.at(-1)!;
      expect([good.state, good.reason]).toEqual(["submitted", ""]);
      expect(sent.at(-1)).toBe(good);
      const ended = { instrument, status: "cancelled", filledLots: 0, fills: [], atUs: core.nowUs } as const;
      for (const { clientOrderId, intent } of core.execution.openOrders()) {
        const { side, sizeLots } = intent;
        core.onReport({ ...ended, clientOrderId, side, sizeLots, venueOrderId: `v-${clientOrderId}` });
      }
      expect(core.execution.openOrders()).toEqual([]);
    }),
    { numRuns: 1000 },
  );
  expect(core.portfolio.fills).toBe(0);
  expect(core.execution.backlog.orders).toBe(0);
});

test.each<[string, object, string]>([
  ["a side in capitals", { side: "BUY" }, 'an intent\'s side must be "buy" or "sell", got "BUY"'],
  ["a type that is no text", { type: 1 }, '"takeProfit" or "takeProfitLimit", got 1'],
  ["a time in force of one venue", { timeInForce: "GTX" }, '"GTC", "IOC" or "FOK", got "GTX"'],
  ["a size in text", { sizeLots: "1000" }, 'an intent\'s sizeLots must be a number, got "1000"'],
  ["a price of null", { priceTicks: null }, "an intent's priceTicks must be a number, got null"],
  ["a profit that is a number", { expectedProfit: 5 }, "an intent's expectedProfit must be a bigint in units of 10^-8"],
  ["a tag that is a number", { tag: 7 }, "an intent's tag must be text, got 7"],
  [
    "a field that there is not",
    { stopTicks: 1 },
    'an intent has no field "stopTicks": leave it out; the fields are inst',
  ],
  ["a market order with a price", { type: "market", timeInForce: undefined }, 'type "market" has no priceTicks'],
  [
    "a stop without what activates it",
    { ...STOP, triggerTicks: undefined, timeInForce: undefined },
    'type "stopLimit" needs triggerTicks, trailingBps or',
  ],
  ["a trigger in text", { ...STOP, triggerTicks: "99000" }, 'an intent\'s triggerTicks must be a number, got "99000"'],
  [
    "a stop with a price",
    { ...STOP, type: "stop", timeInForce: undefined },
    'type "stop" has no priceTicks: leave it out, or make it type "stopLimit"',
  ],
  [
    "a take-profit with a time in force",
    { ...STOP, type: "takeProfit", priceTicks: undefined, timeInForce: "GTC" },
    "this one is takeProfit: leave it out, or make it a takeProfitLimit order",
  ],
  [
    "a limit order with a trigger",
    { triggerTicks: 99_000 },
    'type "limit" has no triggerTicks: leave it out, or make it one of stop, stopLimit, takeProfit, takeProfitLimit',
  ],
  [
    "a market order that trails",
    { type: "market", priceTicks: undefined, timeInForce: undefined, trailingBps: 100 },
    "has no trailingBps",
  ],
  ["a market order with a time in force", { type: "market", priceTicks: undefined }, "timeInForce is of limit orders"],
  [
    "an instrument of its own",
    { instrument: { ...instrument } },
    "an intent's instrument must be one of ctx.instruments",
  ],
])("%s is told with the plugin's name, the field and what to do", async (_what, changes, words) => {
  const { core, quote, faults, orders, journal } = await setUp([{ wanted: { ...GOOD, ...changes } }]);
  quote();
  expect(faults).toEqual([expect.stringContaining("its quote hook threw InvalidInputError: loose: ")]);
  expect(faults[0]).toContain(words);
  expect([orders, journal, core.execution.counters.intents]).toEqual([[], [], 0]);
});

test("a type of order that there is not is denied by a code of its own, with the types that there are", async () => {
  const { quote, orders } = await setUp([{ wanted: { ...GOOD, type: "LIMIT", triggerTicks: 5n } }]);
  quote();
  expect(orders.map(({ state, reason }) => [state, reason])).toEqual([
    [
      "denied",
      'PERMISSION_ORDER_KIND: there are no orders of type "LIMIT": use one of limit, postOnly, market, stop, stopLimit, takeProfit, takeProfitLimit',
    ],
  ]);
});

test("an intent that is changed after it was handed over stays what it was", async () => {
  const intent = { ...GOOD, sizeLots: 1000 };
  const { core, quote, orders } = await setUp([{ wanted: intent }]);
  quote();
  intent.sizeLots = 2000;
  expect([orders[0]?.intent.sizeLots, core.execution.exposure(instrument).openBuyLots]).toEqual([1000, 1000]);
});

function withoutType(junk: object): object {
  const { type: _, ...signal } = { confidence: 1, ...junk } as Record<string, unknown>;
  return signal;
}

function isWellFormed({ side, type, timeInForce, sizeLots, priceTicks, triggerTicks, trailingBps }: Intent): boolean {
  return (
    ["buy", "sell"].includes(side) &&
    INTENT_KINDS.includes(type) &&
    [undefined, "GTC", "IOC", "FOK"].includes(timeInForce) &&
    Number.isSafeInteger(sizeLots) &&
    (isUnpriced(type) ? priceTicks === undefined : Number.isSafeInteger(priceTicks)) &&
    isTriggered(type) === (triggerTicks !== undefined || trailingBps !== undefined) &&
    [triggerTicks, trailingBps].every((value) => value === undefined || Number.isSafeInteger(value))
  );
}
