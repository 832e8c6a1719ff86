import { createPaper, type Fault } from "@pitlane/paper";
import type { Misbehaviour, Rig, StreamListener } from "../../src/conformance/rig.ts";
import type { Instrument } from "../../src/model/instrument.ts";
import { createBinance } from "../../src/venues/binance/create-binance.ts";
import type { BinanceClient, BinanceOptions } from "../../src/venues/binance/index.ts";
import { countRequests } from "./server-requests.ts";

const FAULTS: Readonly<Record<Misbehaviour, readonly Fault[]>> = {
  down: [{ kind: "regionDown" }],
  // Calls, and not the handshakes of sockets: without one, nothing would be performed.
  lost: [
    { kind: "responseLost", route: "/api/v3" },
    { kind: "responseLost", route: "order.place" },
  ],
  reset: [{ kind: "resetBefore" }],
  refused: [{ kind: "error", status: 400, code: -1013, msg: "Filter failure: PRICE_FILTER" }],
  throttled: [{ kind: "rateLimit", retryAfterSeconds: 30 }],
  failing: [{ kind: "error", status: 503 }],
  garbage: [],
};

/** A Binance client on a paper exchange, for the conformance suite. */
export async function openBinanceRig(options: Omit<BinanceOptions, "product"> = {}): Promise<Rig<BinanceClient>> {
  const paper = await createPaper({ seed: 5 });
  const requests = countRequests([paper.port]);
  const clients: BinanceClient[] = [];
  const helper = createBinance({ urls: paper.urls });
  const instruments = await helper.market.listInstruments();
  await helper.close();
  const instrument = instruments.find(({ symbol }) => symbol === "AAA/USDT") as Instrument;
  const before = requests.count();
  let ids = 0;
  const order = (clientOrderId: string) =>
    ({
      instrument,
      clientOrderId,
      side: "buy",
      type: "limit",
      priceTicks: 5_000,
      sizeLots: 200,
      timeInForce: "GTC",
    }) as const;

  return {
    createClient() {
      const client = createBinance({
        urls: paper.urls,
        credentials: { apiKey: paper.apiKey, apiSecret: paper.apiSecret },
        callTimeoutMs: 5_000,
        ...options,
      });
      clients.push(client);
      return client;
    },
    requests: () => requests.count() - before,
    openSockets: () => requests.openSockets(),
    secrets: [paper.apiKey, paper.apiSecret],
    async misbehave(how) {
      const handles = FAULTS[how].map((fault) => paper.faults.add(fault));
      if (handles.length === 0) return undefined;
      return async () => {
        for (const handle of handles) handle.remove();
      };
    },
    read: (client, control) => client.market.getServerTimeUs(control),
    badCalls: (client) => [
      () => client.orders.submit({ ...order("bad"), sizeLots: Number.NaN }),
      () => client.orders.submit({ ...order("bad"), sizeLots: -1 }),
      () => client.orders.submit({ ...order("bad"), priceTicks: 0.5 }),
      () => client.orders.submit({ ...order("not an id") }),
      () => client.orders.submitMany([]),
      () => client.orders.submitMany(Array.from({ length: 1_001 }, (_, i) => order(`bad-${i}`))),
      () => client.orders.cancel({ instrument: { ...instrument, venue: "other" }, clientOrderId: "bad" }),
      () => client.market.getInstrument("aaausdt"),
      () => client.market.getServerTimeUs({ timeoutMs: 0 }),
    ],
    write: {
      newId: () => `rig-${++ids}`,
      run: (client, id, control) => client.orders.submit(order(id), control),
      accepted: () => paper.acceptedOrders().map(({ clientOrderId }) => clientOrderId),
    },
    openStream: (client, listener) => openMarketStream(client, instrument, listener),
    async cutSockets() {
      paper.faults.add({ kind: "close", code: 1001 });
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await paper.close();
      requests.stop();
    },
  };
}

function openMarketStream(client: Pick<BinanceClient, "stream">, instrument: Instrument, listener: StreamListener) {
  return client.stream.market({
    instruments: [instrument],
    onEvent: (event) => {
      if (event.kind === "gap") listener.onGap();
      else if (event.kind !== "resync") listener.onData();
    },
    onError: (error) => listener.onError(error),
  });
}
