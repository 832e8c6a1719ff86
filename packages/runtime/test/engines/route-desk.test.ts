import { type Instrument, OrderBook, type QuoteEvent } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { DEFAULT_ROUTER, RouteDesk } from "../../src/engines/route-desk.ts";
import { VenueLatency } from "../../src/engines/venue-latency.ts";
import { definePlugin } from "../../src/plugins/define.ts";
import { createTestHost, testInstrument } from "../../src/testing.ts";

const near = testInstrument({ venue: "near", id: "near:AAA/USDT" });
const far = testInstrument({ venue: "far", id: "far:AAA/USDT" });
const request = { symbol: "AAA/USDT", side: "buy", sizeUnits: 10_000_000n } as const;

function quoteOf(instrument: Instrument, askTicks: number, receivedAtUs = 0): QuoteEvent {
  const about = { kind: "quote", instrument, venueAtUs: 0, receivedAtUs, receivedNs: 0, sequence: 1 } as const;
  return { ...about, bidTicks: askTicks - 10, bidLots: 1000, askTicks, askLots: 1000 };
}

function setUp(more: Partial<ConstructorParameters<typeof RouteDesk>[0]> = {}) {
  const latencies = new VenueLatency();
  const desk = new RouteDesk({
    instruments: [near, far, testInstrument({ symbol: "BBB/USDT", base: "BBB" })],
    settings: DEFAULT_ROUTER,
    quote: (instrument) => quoteOf(instrument, 10_000),
    book: () => undefined,
    latencyNs: (venue) => latencies.ns(venue),
    hasUnknown: () => false,
    nowUs: () => 10_000_000,
    ...more,
  });
  return { desk, latencies };
}

test("asks every venue of the symbol, by its fee and its latency; a quote is a book of one level", () => {
  const { desk, latencies } = setUp({ settings: { ...DEFAULT_ROUTER, takerFeeBps: { far: 2 } } });
  latencies.record("near", 40_000_000);
  latencies.record("far", 20_000_000);
  const decision = desk.decide(request);
  expect(decision.venues.map(({ instrument, feeBps, latencyNs }) => [instrument, feeBps, latencyNs])).toEqual([
    ["near:AAA/USDT", 10, 40_000_000],
    ["far:AAA/USDT", 2, 20_000_000],
  ]);
  expect(decision).toMatchObject({ outcome: "single", pieces: [{ sizeLots: 100, limitTicks: 10_000 }] });
});

test.each([
  ["a field that there is not", { ...request, limitprice: "61.25" }, /limitprice/],
  ["a side that there is not", { ...request, side: "BUY" }, /side must be "buy" or "sell"/],
  ["a limit that is no price", { ...request, limitPrice: "abc" }, /limitPrice/],
  ["nothing", undefined, /must be an object/],
])("decides nothing on %s", (_, wanted, message) => {
  expect(() => setUp().desk.decide(wanted as never)).toThrow(message);
});

test("leaves out what is not well, and says why", () => {
  const reasons = (more: Parameters<typeof setUp>[0]) =>
    setUp(more)
      .desk.decide(request)
      .venues.map(({ reason }) => reason);
  expect(reasons({ hasUnknown: (venue) => venue === "far" })).toEqual(["", "the outcome of an order there is unknown"]);
  expect(reasons({ nowUs: () => 10_001_000 })).toEqual(["its quote is 10001 ms old", "its quote is 10001 ms old"]);
  expect(reasons({ quote: () => undefined, book: () => new OrderBook() })[0]).toMatch(/no quote/);
  expect(reasons({ instruments: [{ ...near, trading: false }] })).toEqual(["the venue takes no orders for it"]);
});

test("latencies are means in which the last ones weigh most, and outlive a restart", () => {
  const latencies = new VenueLatency();
  expect(latencies.ns("near")).toBeUndefined();
  latencies.record("near", 100);
  latencies.record("near", 200);
  expect(latencies.ns("near")).toBe(120);
  const other = new VenueLatency();
  other.restore(JSON.parse(JSON.stringify(latencies.snapshot())));
  expect(other.ns("near")).toBe(120);
});

test("ctx.route submits a piece to each venue that the decision names, and nothing when there is none", async () => {
  const outcomes: string[] = [];
  const plugin = definePlugin({
    name: "router-user",
    setup(ctx) {
      ctx.on("trade", ({ sizeLots }) => {
        const { decision, orders } = ctx.route({ ...request, sizeUnits: BigInt(sizeLots) * 100_000n });
        outcomes.push(`${decision.outcome} ${orders.length}`);
      });
    },
  });
  const host = await createTestHost({ plugin, instruments: [near, far] });
  host.book({ instrument: near, bids: [], asks: [[10_000, 100]] });
  host.quote({ instrument: near, bidTicks: 9_990, askTicks: 10_000 });
  host.trade({ priceTicks: 10_000, sizeLots: 150 });
  host.book({ instrument: far, bids: [], asks: [[10_010, 100]] });
  host.quote({ instrument: far, bidTicks: 9_990, askTicks: 10_010 });
  host.trade({ priceTicks: 10_000, sizeLots: 150 });
  host.gap({ instrument: far });
  host.trade({ priceTicks: 10_000, sizeLots: 90 });
  expect(outcomes).toEqual(["none 0", "split 2", "single 1"]);
  expect(
    host.orders.map(({ intent: { instrument, sizeLots, priceTicks, timeInForce } }) => [
      instrument.venue,
      sizeLots,
      priceTicks,
      timeInForce,
    ]),
  ).toEqual([
    ["near", 100, 10_000, "IOC"],
    ["far", 50, 10_010, "IOC"],
    ["near", 90, 10_000, "IOC"],
  ]);
  await host.close();
});
