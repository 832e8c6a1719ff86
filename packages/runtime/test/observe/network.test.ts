import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import type { ClientHealth } from "@pitlane/sdk";
import { createBinance } from "@pitlane/sdk/binance";
import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { combineVenues, type MarketVenue } from "../../src/index.ts";
import { FailureWindow, toNetworkFigures, watchNetwork } from "../../src/observe/network.ts";
import type { Disturbance } from "../../src/observe/sample.ts";

const clock = createSystemClock();

async function exchange(venue: string, seed: number) {
  const paper = await createPaper({ seed, clock });
  onTestFinished(() => paper.close());
  const credentials = { apiKey: paper.apiKey, apiSecret: paper.apiSecret };
  const client = createBinance({ venue, urls: paper.urls, credentials, clock });
  onTestFinished(() => client.close());
  return { paper, client };
}

function watch(venue: MarketVenue) {
  const noted: Disturbance[] = [];
  const network = watchNetwork(venue, { note: (disturbance) => noted.push(disturbance), clock });
  onTestFinished(() => network.close());
  return { network, noted };
}

function healthOf(venue: string, parts: Partial<ClientHealth> = {}): ClientHealth {
  return { venue, endpoints: [], budgets: [], connections: [], clockOffsetUs: null, failures: 0, ...parts };
}

test("what the clients of several venues know becomes figures under the venues' names", () => {
  const endpoint = { service: "rest", region: "a", url: "http://a.test", isPresent: true, isDown: false };
  const budget = { name: "weight", limit: 6_000, used: 20, windowMs: 60_000, waiting: 1 };
  const connection = { name: "user stream", region: "a", url: "ws://a.test", reconnects: 2, sinceUs: 5 };
  const one = healthOf("one", {
    endpoints: [{ ...endpoint, latencyMs: 3, errorRate: 0.25 }],
    budgets: [budget],
    connections: [{ ...connection, state: "open" }],
    clockOffsetUs: 500,
  });
  const two = healthOf("two", { endpoints: [{ ...endpoint, latencyMs: null, errorRate: 0 }], clockOffsetUs: -2_000 });
  expect(toNetworkFigures([one, two, healthOf("three")], 4)).toEqual({
    endpoints: [
      { venue: "one", ...endpoint, roundTripMs: 3, errorRatio: 0.25 },
      { venue: "two", ...endpoint, roundTripMs: null, errorRatio: 0 },
    ],
    limits: [{ venue: "one", ...budget }],
    connections: [{ venue: "one", ...connection, state: "open" }],
    failuresPerMinute: 4,
    clockOffsetMs: -2,
  });
});

test("of venues that tell nothing there are no figures, and no clock offset", () => {
  expect(toNetworkFigures([], 0)).toEqual({
    endpoints: [],
    limits: [],
    connections: [],
    failuresPerMinute: 0,
    clockOffsetMs: null,
  });
});

test("failures count for a minute, to the second", () => {
  const steps = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(steps, (failures) => {
      const window = new FailureWindow();
      expect(window.read(7, 0)).toBe(0); // what was before the first reading is not of this minute
      let count = 7;
      failures.forEach((more, i) => {
        count += more;
        const lastMinute = failures.slice(Math.max(0, i - 59), i + 1).reduce((sum, one) => sum + one, 0);
        expect(window.read(count, (i + 1) * 1e9)).toBe(lastMinute);
      });
    }),
  );
});

test("reading often costs no memory, and loses no failure", () => {
  const window = new FailureWindow();
  for (let ms = 0; ms < 30_000; ms++) window.read(ms, ms * 1e6);
  expect(window.read(30_000, 30e9)).toBe(30_000);
});

test("a socket that was lost is a disturbance from its loss until it is open again, and counts as a failure", async () => {
  const { client, paper } = await exchange("binance", 1);
  const { network, noted } = watch(client);
  const [instrument] = await client.market.listInstruments();
  const stream = client.stream.market({ instruments: [instrument!], onEvent: () => {}, onError: () => {} });
  await stream.ready;
  network.figures();
  paper.faults.add({ kind: "close" });
  await vi.waitFor(() => expect(noted).toHaveLength(1), { timeout: 20_000 });
  expect(noted).toMatchObject([{ kind: "reconnect", what: "market stream" }]);
  const [{ startNs, endNs }] = noted as [Disturbance];
  expect(endNs).toBeGreaterThan(startNs);
  const figures = network.figures();
  expect(figures.failuresPerMinute).toBeGreaterThan(0);
  expect(figures.connections).toMatchObject([
    { venue: "binance", name: "market stream", state: "open", reconnects: 1 },
  ]);
  network.close();
  await stream.close();
});

test("an order that waited for the request budget is a disturbance", async () => {
  const { client, paper } = await exchange("binance", 1);
  const { noted } = watch(client);
  const [instrument] = await client.market.listInstruments();
  const terms = { side: "buy", type: "limit", timeInForce: "GTC", priceTicks: 5_000 } as const;
  const order = { ...terms, instrument: instrument!, sizeLots: instrument!.minLots * 1_000 };
  paper.faults.add({ kind: "rateLimit", retryAfterSeconds: 2, count: 1 });
  await expect(client.orders.submit({ ...order, clientOrderId: "refused" })).rejects.toThrow();
  await client.orders.submit({ ...order, clientOrderId: "waited" });
  expect(noted).toMatchObject([{ kind: "limiterWait", what: "weight" }]);
});

test("of combined venues each has its own figures, and the names of its disturbances begin with its own", async () => {
  const alpha = await exchange("alpha", 1);
  const beta = await exchange("beta", 2);
  const { network, noted } = watch(
    combineVenues([
      { name: "alpha", client: alpha.client },
      { name: "beta", client: beta.client },
    ]),
  );
  const [instrument] = await beta.client.market.listInstruments();
  const stream = beta.client.stream.market({ instruments: [instrument!], onEvent: () => {}, onError: () => {} });
  await stream.ready;
  expect(new Set(network.figures().limits.map(({ venue }) => venue))).toEqual(new Set(["alpha", "beta"]));
  beta.paper.faults.add({ kind: "close" });
  await vi.waitFor(() => expect(noted).toMatchObject([{ what: "beta market stream" }]), { timeout: 20_000 });
});

test("a client that tells nothing of its network has empty figures", () => {
  const silent: MarketVenue = { market: {} as never, stream: {} as never };
  expect(watch(silent).network.figures()).toEqual(toNetworkFigures([], 0));
});
