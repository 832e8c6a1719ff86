import { ManualClock } from "@pitlane/perf/testing";
import type { Instrument } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { Core } from "../../src/core/core.ts";
import { checkConfig, definePlugin, type GapPolicy } from "../../src/index.ts";
import { createStageLatencies } from "../../src/latency.ts";
import type { Order } from "../../src/orders/order.ts";
import { createTestHost, testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const other = testInstrument({ id: "test:BBB/USDT", symbol: "BBB/USDT", venueSymbol: "BBBUSDT", base: "BBB" });
const instruments = [instrument, other];

/** Rests a bid on each quote. */
const quoter = (onGap: GapPolicy) =>
  definePlugin({
    name: `quoter-${onGap}`,
    onGap,
    setup(ctx) {
      ctx.on("quote", ({ instrument, bidTicks }) => {
        ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks: bidTicks, sizeLots: 1000 });
      });
    },
  });

async function setUp() {
  const clock = new ManualClock();
  const rows: { readonly kind: string; readonly body: object }[] = [];
  const sent: Order[] = [];
  const cancelled: string[] = [];
  const core = await Core.create({
    runKey: "k",
    config: checkConfig({ risk: { maxDataAgeMs: 0 } }, "test"), // which would deny in a gap what would grow a position
    instruments,
    plugins: [{ plugin: quoter("cancel") }, { plugin: quoter("ignore") }],
    seed: 1,
    startedAtUs: clock.nowUs(),
    journal: { append: (kind, body) => void rows.push({ kind, body }), commit: () => {} },
    wire: {
      send: ({ order }) => void sent.push(order),
      cancel: ({ clientOrderId }: Order) => void cancelled.push(clientOrderId),
      amend: () => {},
    },
    book: () => undefined,
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: () => {},
    log: () => {},
    onFault: () => {},
    onHalt: () => {},
  });
  const at = (of: Instrument) => ({
    instrument: of,
    venueAtUs: 0,
    receivedAtUs: clock.nowUs(),
    receivedNs: clock.monotonicNs(),
  });
  const about = { channel: "book" as const, cause: "sequence" as const, reason: "made up" };
  return {
    core,
    rows,
    sent,
    cancelled,
    quote(of: Instrument) {
      const top = { bidTicks: 1000, bidLots: 5, askTicks: 1001, askLots: 5, sequence: 1 };
      core.onMarket({ kind: "quote", ...at(of), ...top }, 0);
      core.drain();
    },
    accept() {
      for (const { clientOrderId, intent } of sent) {
        const { side, sizeLots } = intent;
        const report = {
          instrument: intent.instrument,
          clientOrderId,
          venueOrderId: `v-${clientOrderId}`,
          side,
          sizeLots,
        };
        core.onReport({ ...report, atUs: 1, status: "accepted", filledLots: 0, fills: [] });
      }
    },
    gap: () => core.onMarket({ kind: "gap", ...at(instrument), ...about }, 0),
    resync: () => core.onMarket({ kind: "resync", ...at(instrument), channel: "book", backfilled: 0, missing: 0 }, 0),
  };
}

test("a gap of a book cancels the orders there of plugins that stop on one, at once and as a decision", async () => {
  const { quote, accept, gap, sent, cancelled, rows } = await setUp();
  quote(instrument);
  quote(other);
  accept();
  gap(); // hooks have not heard of it yet
  const own = sent.find(({ strategy, intent }) => strategy === "quoter-cancel" && intent.instrument === instrument);
  expect(sent).toHaveLength(4);
  expect(cancelled).toEqual([own?.clientOrderId]);
  expect(rows.at(-1)).toEqual({ kind: "cancel", body: { clientOrderId: own?.clientOrderId } });
});

test("until the resync of that book their new orders there are denied with MARKET_GAP; others pass", async () => {
  const { core, quote, gap, resync, sent, rows } = await setUp();
  gap();
  quote(instrument);
  quote(other);
  expect(sent.map(({ strategy, intent }) => [strategy, intent.instrument.symbol])).toEqual([
    ["quoter-ignore", "AAA/USDT"],
    ["quoter-cancel", "BBB/USDT"],
    ["quoter-ignore", "BBB/USDT"],
  ]);
  const votes = [expect.objectContaining({ allowed: false, code: "MARKET_GAP" })];
  expect(rows.find(({ kind }) => kind === "intent")?.body).toMatchObject({ approved: false, votes });
  expect(core.execution.counters.denied).toBe(1);
  resync();
  quote(instrument);
  expect(sent).toHaveLength(5);
  expect(core.execution.counters.denied).toBe(1);
});

test("a scripted host stops on a gap too, so that a strategy can be tested for it", async () => {
  const host = await createTestHost({ plugin: quoter("cancel"), instruments });
  host.quote({ bidTicks: 1000, askTicks: 1001 });
  host.gap();
  host.quote({ bidTicks: 1001, askTicks: 1002 });
  host.quote({ bidTicks: 1001, askTicks: 1002, instrument: other });
  expect(host.orders.map(({ state }) => state)).toEqual(["cancelled", "denied", "accepted"]);
  expect(host.orders[1]?.reason).toMatch(/^MARKET_GAP: the book of test:AAA\/USDT has a gap/);
  host.resync();
  host.quote({ bidTicks: 1002, askTicks: 1003 });
  expect(host.orders[3]?.state).toBe("accepted");
});

test("a policy for gaps that is none is refused", () => {
  expect(() => quoter("stop" as GapPolicy)).toThrow(/onGap must be one of cancel, ignore, got stop/);
});
