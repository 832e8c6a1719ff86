// How many signed orders a second the exchange takes over HTTP, with the exchange in a process of its own: what a load test of a client can
// reach. The client is as cheap as one can be (raw sockets, requests written as text, answers not parsed), so that it leaves the exchange a
// core. `CPU` rows count the exchange's own processor time, which other work on the machine does not change.
import { fork } from "node:child_process";
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { createPaper } from "../src/index.ts";

const UNLIMITED = 1_000_000_000;
const CONNECTIONS = 16;
const WARM_UP = 4000;
const ORDERS = 20_000;
const SERVES = "PAPER_BENCH_SERVES";

interface Address {
  readonly port: number;
  readonly apiKey: string;
  readonly apiSecret: string;
}

if (process.env[SERVES] === "1") await serve();

/** The exchange's process: says where it listens, and on every message how much processor time it has used. */
async function serve(): Promise<void> {
  const limits = {
    ordersPer10Seconds: UNLIMITED,
    ordersPerDay: UNLIMITED,
    requestWeightPerMinute: UNLIMITED,
    rawRequestsPer5Minutes: UNLIMITED,
  };
  const paper = await createPaper({ market: false, limits });
  const { apiKey, apiSecret, urls } = paper;
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send!(user + system);
  });
  process.on("disconnect", () => process.exit(0));
  process.send!({ port: Number(new URL(urls.rest).port), apiKey, apiSecret } satisfies Address);
}

type ToRequest = (at: number) => string;

/** One connection with one request at a time, as most clients have it. */
class Caller {
  readonly #socket: Socket;
  #answered: (() => void) | undefined;
  #text = "";

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      this.#text += chunk;
      const end = this.#text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(this.#text)?.[1]);
      if (this.#text.length < end + 4 + length) return;
      if (!this.#text.startsWith("HTTP/1.1 200")) throw new Error(this.#text);
      this.#text = "";
      this.#answered?.();
    });
  }

  ask(request: string): Promise<void> {
    this.#socket.write(request, "latin1");
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }
}

async function measure(toRequests: (address: Address) => ToRequest, unit: "wall" | "cpu"): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), { env: { ...process.env, [SERVES]: "1" } });
  const [address] = (await once(child, "message")) as [Address];
  const callers = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect(address.port, "127.0.0.1");
      await once(socket, "connect");
      return new Caller(socket);
    }),
  );
  const toRequest = toRequests(address);
  let at = 0;
  const run = (until: number) =>
    Promise.all(
      callers.map(async (caller) => {
        while (at < until) await caller.ask(toRequest(at++));
      }),
    );
  const usedUs = async () => {
    child.send("cpu");
    return ((await once(child, "message")) as [number])[0];
  };
  await run(WARM_UP);
  const startedUs = await usedUs();
  const startedMs = performance.now();
  await run(WARM_UP + ORDERS);
  const tookUs = unit === "wall" ? (performance.now() - startedMs) * 1000 : (await usedUs()) - startedUs;
  child.disconnect();
  return tookUs / ORDERS;
}

/** Sells that rest, in turn with buys that take them whole: half of the orders trade, and the book stays as it is. */
function orders({ apiKey, apiSecret, port }: Address): ToRequest {
  const secret = createSecretKey(Buffer.from(apiSecret));
  return (at) => {
    const side = (at & 1) === 0 ? "SELL" : "BUY";
    const order = `symbol=AAAUSDT&side=${side}&type=LIMIT&timeInForce=GTC&quantity=0.1&price=100&newClientOrderId=bench-${at}&selfTradePreventionMode=NONE`;
    return signed(secret, apiKey, port, order);
  };
}

function signed(secret: KeyObject, apiKey: string, port: number, order: string): string {
  const query = `${order}&timestamp=${Date.now()}`;
  const signature = createHmac("sha256", secret).update(query).digest("hex");
  return `POST /api/v3/order?${query}&signature=${signature} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-MBX-APIKEY: ${apiKey}\r\nContent-Length: 0\r\n\r\n`;
}

function pings({ port }: Address): ToRequest {
  return () => `GET /api/v3/ping HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
}

const caseOf = (toRequests: (address: Address) => ToRequest, unit: "wall" | "cpu"): Case => ({
  value: () => measure(toRequests, unit),
});

const suite: Suite = {
  name: "paper exchange, orders a second",
  comparisons: [
    {
      name: "signed order over HTTP, 16 connections, exchange in its own process",
      unit: "us/op",
      ours: caseOf(orders, "wall"),
      peers: {
        "ping (floor)": { case: caseOf(pings, "wall"), aim: null, note: "the target is 200 us: 5000 a second" },
      },
    },
    {
      name: "signed order over HTTP, the exchange's CPU",
      unit: "us/op",
      ours: caseOf(orders, "cpu"),
      peers: { "ping (floor)": { case: caseOf(pings, "cpu"), aim: null } },
    },
  ],
};

export default suite;
