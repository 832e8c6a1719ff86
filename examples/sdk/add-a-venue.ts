// A venue of your own: a small client built of the SDK's parts, and the rules that every venue keeps, run on it.
import { randomInt } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { createPaper, type Fault } from "@pitlane/paper";
import { createRandom, createSystemClock, InvalidInputError } from "@pitlane/perf";
import {
  type CallControl,
  type Instrument,
  ProtocolError,
  parseScaled,
  parseUnits,
  RateLimitError,
  RejectedError,
  VenueUnavailableError,
} from "@pitlane/sdk";
import { conformance, type Misbehaviour, type Rig } from "@pitlane/sdk/testing";
import * as kit from "@pitlane/sdk/venue";

// 1. What it can do. A call that is not named here is not on the client's type: using it does not compile.
const CAPABILITIES = { market: ["listInstruments", "getServerTimeUs"] } as const satisfies kit.Capabilities;
type ExampleClient = kit.ClientOf<typeof CAPABILITIES>;

const example = kit.defineVenue({ name: "example", capabilities: CAPABILITIES, create: createExample });

// 2. The client: layers around one pool of sockets. Nothing connects before the first call.
function createExample({ url, apiKey }: { readonly url: string; readonly apiKey: string }): ExampleClient {
  if (!URL.canParse(url)) throw new InvalidInputError("url must be the origin of the venue's API");
  const clock = createSystemClock();
  const events = kit.createEvents();
  const closing = new AbortController();
  const pools = kit.createPools({ clock });
  const send = kit.compose(
    pools.send,
    kit.deadline({ timeoutMs: 5_000, clock }),
    kit.retry({ clock, random: createRandom(randomInt(2 ** 32)), events, closing: closing.signal }),
    kit.failover({ choice: kit.fixedEndpoint(new URL(url).origin), clock }),
    kit.classify(toError),
  );

  async function read<T>(
    path: string,
    parse: (json: string) => T,
    { signal, timeoutMs }: CallControl = {},
  ): Promise<T> {
    const headers = { "x-mbx-apikey": apiKey };
    const call = new kit.HttpCall({ method: "GET", path, headers, isRead: true, signal, timeoutMs });
    try {
      return parse((await send(call)).body.toString("utf8"));
    } catch (error) {
      signal?.throwIfAborted(); // a read that was aborted gives the signal's reason back
      throw error;
    }
  }

  return {
    venue: "example",
    market: {
      getServerTimeUs: (control) => read("/api/v3/time", parseTime, control),
      listInstruments: (control) => read("/api/v3/exchangeInfo", parseInstruments, control),
    },
    events,
    async close() {
      closing.abort(new Error("the client was closed"));
      await pools.close();
    },
  };
}

// 3. Its words, as errors that say whether it may have acted.
function toError({ what }: kit.HttpCall, { status, headers, body }: kit.HttpReply) {
  const said = { status, venueText: body.toString("utf8").slice(0, 200) };
  if (status >= 500) return new VenueUnavailableError(`${what}: HTTP ${status}`, said);
  if (status !== 429 && status !== 418) return new RejectedError(`${what}: ${said.venueText}`, said);
  const retryAfterMs = 1000 * Number(headers["retry-after"] ?? 0);
  return new RateLimitError(`${what}: HTTP ${status}`, { ...said, retryAfterMs });
}

function parseTime(json: string): number {
  const { serverTime } = JSON.parse(json) as { readonly serverTime?: unknown };
  if (Number.isSafeInteger(serverTime)) return (serverTime as number) * 1000;
  throw new ProtocolError("time: serverTime must be milliseconds since the epoch");
}

function parseInstruments(json: string): readonly Instrument[] {
  const { symbols } = JSON.parse(json) as { readonly symbols: readonly Row[] };
  return symbols.map(({ symbol: venueSymbol, baseAsset: base, quoteAsset: quote, status, filters }) => {
    const of = (type: string) => filters.find(({ filterType }) => filterType === type) ?? {};
    const { tickSize = "1" } = of("PRICE_FILTER");
    const { stepSize = "1", minQty = "0", maxQty = "0" } = of("LOT_SIZE");
    const [priceDecimals, sizeDecimals] = [decimalsOf(tickSize), decimalsOf(stepSize)];
    return {
      ...{ id: `example:${base}/${quote}`, venue: "example", symbol: `${base}/${quote}`, venueSymbol, base, quote },
      ...{ trading: status === "TRADING", priceDecimals, sizeDecimals },
      tickIncrement: parseScaled(tickSize, priceDecimals),
      lotIncrement: parseScaled(stepSize, sizeDecimals),
      minLots: parseScaled(minQty, sizeDecimals),
      maxLots: parseScaled(maxQty, sizeDecimals),
      minNotional: parseUnits(of("NOTIONAL")["minNotional"] ?? "0"),
    };
  });
}

interface Row {
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly status: string;
  readonly filters: readonly Readonly<Record<string, string>>[];
}

const decimalsOf = (step: string) => (step.split(".")[1] ?? "").replace(/0+$/, "").length;

// 4. How its server is made to misbehave, for the rules to be tried. A real venue is checked against a server of your own.
const FAULTS: Readonly<Partial<Record<Misbehaviour, Fault>>> = {
  down: { kind: "regionDown" },
  reset: { kind: "resetBefore" },
  refused: { kind: "error", status: 400 },
  throttled: { kind: "rateLimit", retryAfterSeconds: 30 },
  failing: { kind: "error", status: 503 },
};

const requests = new Map<number, number>(); // by port
const sockets = new Map<Socket, number>(); // open ones of servers, with their port
subscribe("http.server.request.start", (message) => {
  const port = (message as { readonly request: IncomingMessage }).request.socket.localPort ?? 0;
  requests.set(port, (requests.get(port) ?? 0) + 1);
});
subscribe("net.server.socket", (message) => {
  const { socket } = message as { readonly socket: Socket };
  sockets.set(socket, socket.localPort ?? 0);
  socket.once("close", () => sockets.delete(socket));
});

async function openRig(): Promise<Rig<ExampleClient>> {
  const paper = await createPaper({ market: false });
  const clients: ExampleClient[] = [];
  return {
    createClient() {
      const client = example.create({ url: paper.urls.rest, apiKey: paper.apiKey });
      clients.push(client);
      return client;
    },
    requests: () => requests.get(paper.port) ?? 0,
    openSockets: () => [...sockets.values()].filter((port) => port === paper.port).length,
    secrets: [paper.apiKey],
    async misbehave(how) {
      const fault = FAULTS[how];
      if (fault === undefined) return undefined;
      const added = paper.faults.add(fault);
      return async () => added.remove();
    },
    read: (client, control) => client.market.getServerTimeUs(control),
    badCalls: (client) => [() => client.market.getServerTimeUs({ timeoutMs: 0 })],
    async cutSockets() {}, // it has none
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await paper.close();
    },
  };
}

// 5. The rules. In a test file: `for (const { name, run } of conformance({ venue: example, openRig })) test(name, run, 60_000);`
const checks = conformance({ venue: example, openRig });
const results = await Promise.allSettled(checks.map(({ run }) => run()));
for (const [index, { name }] of checks.entries()) {
  const result = results[index];
  console.log(result?.status === "fulfilled" ? "kept  " : "broken", name);
  if (result?.status === "rejected") console.log(result.reason);
}
