import { createPaper, type PaperOptions } from "@pitlane/paper";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ClientEvents, ClientHealth, Instrument } from "../../../src/index.ts";
import { type BinanceOptions, createBinance } from "../../../src/venues/binance/index.ts";

type Changed = Parameters<ClientEvents["connectionChanged"]>[0];
type Waited = Parameters<ClientEvents["waited"]>[0];

const wait = { timeout: 20_000, interval: 20 };

/** A client of a paper exchange with one address for each service, or with several regions. */
async function setUp(options: BinanceOptions & { readonly product?: "spot" } = {}, paperOptions: PaperOptions = {}) {
  const paper = await createPaper({ seed: 3, ...paperOptions });
  onTestFinished(() => paper.close());
  const place =
    paperOptions.regions === undefined
      ? { urls: paper.urls }
      : { regions: paper.regions.map(({ name, urls }) => ({ name, ...urls })) };
  const credentials = { apiKey: paper.apiKey, apiSecret: paper.apiSecret };
  const client = createBinance({ ...place, credentials, ...options });
  onTestFinished(() => client.close());
  const changes: Changed[] = [];
  const waits: Waited[] = [];
  client.events.on("connectionChanged", (event) => changes.push(event));
  client.events.on("waited", (event) => waits.push(event));
  return { paper, client, changes, waits };
}

function order(instrument: Instrument, clientOrderId: string) {
  const terms = { side: "buy", type: "limit", timeInForce: "GTC", priceTicks: 5_000 } as const;
  return { ...terms, instrument, clientOrderId, sizeLots: instrument.minLots * 1_000 };
}

const quiet = { onEvent: () => {}, onError: () => {} };
const deaf = { onReport: () => {}, onBalances: () => {}, onReconnected: () => {}, onError: () => {} };

const connectionOf = ({ connections }: ClientHealth, name: string) =>
  connections.find((connection) => connection.name === name);

const statesOf = (changes: readonly Changed[], name: string) =>
  changes.filter(({ connection }) => connection === name).map(({ state }) => state);

test("before the first call nothing is known, and nothing is connected", async () => {
  const { client, paper } = await setUp();
  expect(client.health()).toEqual({
    venue: "binance",
    endpoints: [
      ["rest", paper.urls.rest],
      ["stream", paper.urls.stream],
      ["wsApi", paper.urls.wsApi],
    ].map(([service, url]) => {
      const unknown = { isPresent: true, isDown: false, latencyMs: null, errorRate: 0 };
      return { service, region: "default", url, ...unknown };
    }),
    budgets: [{ name: "weight", limit: 6_000, used: 0, windowMs: 60_000, waiting: 0 }],
    connections: [],
    clockOffsetUs: null,
    failures: 0,
  });
});

test("a client of one address knows its round trip, its budget, its sockets and the venue's clock", async () => {
  const { client, changes } = await setUp({ orderTransport: "webSocket" });
  const [instrument] = await client.market.listInstruments();
  const stream = client.stream.market({ instruments: [instrument!], dual: true, ...quiet });
  const user = client.stream.user({ instruments: [instrument!], ...deaf });
  await Promise.all([stream.ready, user.ready]);
  await client.orders.submit(order(instrument!, "first"));
  await vi.waitFor(() => expect(client.health().clockOffsetUs).not.toBeNull(), wait);
  await vi.waitFor(() => expect(client.health().connections.every(({ state }) => state === "open")).toBe(true), wait);

  const health = client.health();
  for (const { latencyMs, isDown, errorRate } of health.endpoints) {
    expect(latencyMs).toBeGreaterThan(0);
    expect({ isDown, errorRate }).toEqual({ isDown: false, errorRate: 0 });
  }
  const names = health.connections.map(({ name }) => name);
  expect(names).toEqual(["market stream", "market stream 2", "user stream", "order socket"]);
  expect(health.connections.map(({ reconnects }) => reconnects)).toEqual([0, 0, 0, 0]);
  expect(Math.abs(health.clockOffsetUs as number)).toBeLessThan(1e6); // one host
  expect(health.failures).toBe(0);
  expect(JSON.parse(JSON.stringify(health))).toEqual(health);
  await vi.waitFor(async () => {
    await client.market.listInstruments(); // weighs 20; the budget is of the minute, which may just have begun
    expect(client.health().budgets[0]?.used).toBeGreaterThanOrEqual(20);
  }, wait);
  expect(statesOf(changes, "order socket")).toEqual(["connecting", "open"]);

  await stream.close();
  expect(client.health().connections.map(({ name }) => name)).toEqual(["user stream", "order socket"]);
  expect(statesOf(changes, "market stream").at(-1)).toBe("closed");
});

test("sockets that the venue cuts are seen to come back, with the time of their loss", async () => {
  const { client, paper, changes } = await setUp();
  const [instrument] = await client.market.listInstruments();
  const stream = client.stream.market({ instruments: [instrument!], ...quiet });
  const user = client.stream.user({ instruments: [instrument!], ...deaf });
  await Promise.all([stream.ready, user.ready]);
  const before = client.health();
  paper.faults.add({ kind: "close", reason: "maintenance" });
  await vi.waitFor(() => {
    const { connections } = client.health();
    expect(connections.map(({ state, reconnects }) => [state, reconnects])).toEqual([
      ["open", 1],
      ["open", 1],
    ]);
  }, wait);
  const after = client.health();
  expect(after.failures).toBeGreaterThanOrEqual(2);
  expect(connectionOf(after, "user stream")?.sinceUs).toBeGreaterThan(
    connectionOf(before, "user stream")?.sinceUs as number,
  );
  const ofUser = changes.filter(({ connection }) => connection === "user stream");
  expect(ofUser.map(({ state }) => state)).toEqual(["connecting", "open", "waiting", "connecting", "open"]);
  expect(ofUser[2]?.reason).toMatch(/was lost: .*maintenance/);
  const atNs = ofUser.map((event) => event.atNs);
  expect(atNs).toEqual([...atNs].sort((a, b) => a - b));
});

test("a region that dies is down, what it carried is elsewhere, and it is well again when it comes back", async () => {
  const { client, paper, changes } = await setUp(
    { orderTransport: "webSocket", regionRules: { probeEveryMs: 200 } },
    { regions: [{ name: "tokyo" }, { name: "osaka" }] },
  );
  const [instrument] = await client.market.listInstruments();
  const stream = client.stream.market({ instruments: [instrument!], ...quiet });
  await stream.ready;
  await client.orders.submit(order(instrument!, "before"));
  const regionOf = (name: string) => connectionOf(client.health(), name)?.region;
  expect([regionOf("market stream"), regionOf("order socket")]).toEqual(["tokyo", "tokyo"]);

  const fault = paper.faults.add({ kind: "regionDown", region: "tokyo" });
  const restOf = (region: string) =>
    client.health().endpoints.find((endpoint) => endpoint.service === "rest" && endpoint.region === region);
  await vi.waitFor(() => {
    expect(restOf("tokyo")).toMatchObject({ isDown: true, isPresent: false });
    expect(restOf("osaka")).toMatchObject({ isDown: false, isPresent: true });
    expect([regionOf("market stream"), regionOf("order socket")]).toEqual(["osaka", "osaka"]);
  }, wait);
  expect(restOf("tokyo")?.errorRate).toBeGreaterThan(0);
  const { failures } = client.health();
  expect(failures).toBeGreaterThanOrEqual(2);
  expect(changes.filter(({ state, region }) => state === "waiting" && region === "tokyo").length).toBeGreaterThan(1);

  fault.remove();
  await vi.waitFor(() => expect(restOf("tokyo")).toMatchObject({ isDown: false }), wait);
  await client.orders.submit(order(instrument!, "after"));
});

test("an address without another is called down when its calls fail, used none the less, and well again by them", async () => {
  const { client, paper } = await setUp({ retries: 0, regionRules: { probeEveryMs: 100 } });
  const [instrument] = await client.market.listInstruments();
  const rest = () => client.health().endpoints[0];
  const roundTripMs = rest()?.latencyMs as number;
  expect(roundTripMs).toBeGreaterThan(0);
  paper.faults.add({ kind: "resetBefore", count: 3 });
  for (let i = 0; i < 3; i++) await expect(client.market.getServerTimeUs()).rejects.toThrow();
  expect(rest()).toMatchObject({ isPresent: true, isDown: true, latencyMs: roundTripMs });
  expect(client.health().failures).toBe(3);
  await vi.waitFor(async () => {
    await client.market.getTopOfBook(instrument!);
    expect(rest()).toMatchObject({ isDown: false });
  }, wait);
  expect(client.health().failures).toBe(3);
});

test.each(["rest", "webSocket"] as const)(
  "an order by %s that waits out a pause the venue asked for is counted while it waits, and told when it is over",
  async (orderTransport) => {
    const { client, paper, waits } = await setUp({ orderTransport, clockSync: false });
    const [instrument] = await client.market.listInstruments();
    await client.orders.submit(order(instrument!, "first"));
    expect(waits).toEqual([]);
    paper.faults.add({ kind: "rateLimit", retryAfterSeconds: 2, count: 1 });
    await expect(client.orders.submit(order(instrument!, "refused"))).rejects.toThrow();
    const third = client.orders.submit(order(instrument!, "third"));
    await vi.waitFor(() => expect(client.health().budgets[0]?.waiting).toBe(1), wait);
    await third;
    expect(client.health().budgets[0]?.waiting).toBe(0);
    const call = orderTransport === "rest" ? "POST /api/v3/order" : "order.place";
    expect(waits.map(({ budget, call }) => ({ budget, call }))).toEqual([{ budget: "weight", call }]);
    const [{ startNs, endNs }] = waits as [Waited];
    expect(endNs).toBeGreaterThan(startNs);
  },
);

test("a client for market data tells of what it uses", async () => {
  const paper = await createPaper({ seed: 3 });
  onTestFinished(() => paper.close());
  const client = createBinance({ urls: paper.urls });
  onTestFinished(() => client.close());
  await client.market.getServerTimeUs();
  expect(client.health().endpoints.map(({ service }) => service)).toEqual(["rest", "stream"]);
  expect(createBinance({ product: "usdm" }).health()).toMatchObject({ venue: "binance-usdm", connections: [] });
});
