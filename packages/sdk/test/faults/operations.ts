import { randomUUID } from "node:crypto";
import type { Paper } from "@pitlane/paper";
import { type ClientEvents, type Instrument, type MarketEvent, RequestError } from "../../src/index.ts";
import type { AxiomClient } from "../../src/venues/axiom/index.ts";
import type { BinanceClient } from "../../src/venues/binance/index.ts";

/** What an operation of the matrix works on. */
export interface Scene {
  readonly paper: Paper;
  /** A client of the paper exchange's Axiom, for the operations there. */
  readonly axiom: AxiomClient | undefined;
  readonly client: BinanceClient;
  readonly instrument: Instrument;
  /** Lets the fault strike; resolves when it is over, or has begun where it ends by itself. */
  readonly strike: () => Promise<void>;
}

export interface Operation {
  readonly name: string;
  readonly kind: "call" | "stream";
  /** The path of its socket. */
  readonly socket?: string;
  /** The venue numbers what it sends there, so that a hole shows. Default true. */
  readonly isNumbered?: false;
  /** Default Binance. */
  readonly venue?: "axiom";
  /** What a fault is aimed at. */
  readonly route: string;
  readonly orderTransport?: "webSocket";
  /** Does it, with the fault, and says what came of it. */
  readonly run: (scene: Scene) => Promise<string>;
}

const PATIENCE_MS = 30_000;

export const BINANCE_OPERATIONS: readonly Operation[] = [
  call("public read", "/api/v3/time", ({ client }) => client.market.getServerTimeUs()),
  call("signed read", "/api/v3/account", ({ client }) => client.account.getBalances()),
  { name: "submit", kind: "call", route: "POST /api/v3/order", run: submit },
  { name: "submit, WebSocket API", kind: "call", route: "order.place", orderTransport: "webSocket", run: submit },
  { name: "cancel", kind: "call", route: "DELETE /api/v3/order", run: cancel },
  { name: "cancel, WebSocket API", kind: "call", route: "order.cancel", orderTransport: "webSocket", run: cancel },
  {
    name: "book stream",
    socket: "/stream",
    kind: "stream",
    route: "aaausdt@depth@100ms",
    run: (scene) => follow(scene, "book"),
  },
  {
    name: "trade stream",
    socket: "/stream",
    kind: "stream",
    route: "aaausdt@trade",
    run: (scene) => follow(scene, "trade"),
  },
  {
    name: "user stream",
    socket: "/ws-api/v3",
    isNumbered: false,
    kind: "stream",
    route: "user.executionReport",
    run: userStream,
  },
];

function call(name: string, route: string, read: (scene: Scene) => Promise<unknown>): Operation {
  return {
    name,
    route,
    kind: "call",
    async run(scene) {
      await read(scene); // connections are open, as in a running program
      await scene.strike();
      return described(scene.client, () => read(scene));
    },
  };
}

async function submit({ client, paper, instrument, strike }: Scene): Promise<string> {
  await client.orders.submit(order(instrument, "warm")).catch(() => {});
  await strike();
  const clientOrderId = `m-${randomUUID().slice(0, 8)}`;
  const words = await described(client, () => client.orders.submit(order(instrument, clientOrderId)));
  const times = paper.acceptedOrders().filter((accepted) => accepted.clientOrderId === clientOrderId).length;
  return `${words}; accepted ${times === 1 ? "once" : times === 0 ? "never" : `${times} times`}`;
}

async function cancel({ client, instrument, strike }: Scene): Promise<string> {
  const clientOrderId = `m-${randomUUID().slice(0, 8)}`;
  await client.orders.submit(order(instrument, clientOrderId));
  await strike();
  return described(client, () => client.orders.cancel({ instrument, clientOrderId }));
}

/** What becomes of a call: answered, at which try, or the error and its outcome. */
export async function described(client: Pick<BinanceClient, "events">, work: () => Promise<unknown>): Promise<string> {
  let retries = 0;
  let hasMoved = false;
  const onRetried: ClientEvents["retried"] = () => void retries++;
  const onChanged: ClientEvents["regionChanged"] = () => {
    hasMoved = true;
  };
  client.events.on("retried", onRetried);
  client.events.on("regionChanged", onChanged);
  try {
    await work();
    if (hasMoved) return "answered by the other region";
    return retries === 0 ? "answered" : "answered at a later try";
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return error.outcome === "refused" ? error.code : `${error.code} (${error.outcome})`;
  } finally {
    client.events.off("retried", onRetried);
    client.events.off("regionChanged", onChanged);
  }
}

/** What a market stream says of a fault, and whether it is whole in the end. */
async function follow({ client, instrument, strike }: Scene, channel: "book" | "trade"): Promise<string> {
  const events: MarketEvent[] = [];
  const stream = client.stream.market({
    instruments: [instrument],
    staleAfterMs: { book: 800, trade: 1_200 },
    onEvent: (event) => {
      if (event.kind === channel || ((event.kind === "gap" || event.kind === "resync") && event.channel === channel))
        events.push(event);
    },
    onError: () => {}, // what is lost is told by gaps, which is what is looked at
  });
  try {
    await stream.ready;
    await until("data before the fault", () => events.filter(({ kind }) => kind === channel).length > 3);
    events.length = 0;
    await strike();
    const from = events.length;
    await until("data after the fault", () => {
      const last = events.findLastIndex(({ kind }) => kind === "gap" || kind === "resync");
      const isWhole = last < 0 || events[last]?.kind === "resync";
      return isWhole && events.length - Math.max(from, last + 1) > 8;
    });
    const gaps = events.filter((event) => event.kind === "gap");
    if (gaps.length === 0) return "no gap";
    const resync = events.findLast((event) => event.kind === "resync");
    const backfilled = channel === "trade" && resync?.kind === "resync" && resync.missing === 0 ? ", backfilled" : "";
    return `gap${backfilled}, resync`;
  } finally {
    await stream.close();
  }
}

/** What the user stream says of a fault: whether news of orders come again, and whether it said that some may be missing. */
async function userStream({ client, instrument, strike }: Scene): Promise<string> {
  const reported = new Set<string>();
  let reconnects = 0;
  const stream = client.stream.user({
    instruments: [instrument],
    onReport: ({ clientOrderId }) => void reported.add(clientOrderId),
    onBalances: () => {},
    onReconnected: () => void reconnects++,
    onError: () => {},
  });
  try {
    await stream.ready;
    const striking = strike();
    let sent = 0;
    const ids: string[] = [];
    await until("reports after the fault", () => {
      const id = `u-${randomUUID().slice(0, 8)}`;
      if (sent++ % 20 === 0) {
        ids.push(id);
        void client.orders.submit(order(instrument, id)).catch(() => {});
      }
      return ids.filter((one) => reported.has(one)).length >= 3;
    });
    await striking;
    if (reconnects > 0) return "reconnected, and said so";
    return "went on";
  } finally {
    await stream.close();
  }
}

function order(instrument: Instrument, clientOrderId: string) {
  return {
    instrument,
    clientOrderId,
    side: "buy",
    type: "limit",
    priceTicks: 5_000,
    sizeLots: 200,
    timeInForce: "GTC",
  } as const;
}

export async function until(what: string, holds: () => boolean): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`no ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
