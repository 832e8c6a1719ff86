import { ManualClock } from "@pitlane/perf/testing";
import { afterEach } from "vitest";
import { createPaper, type Paper, type PaperOptions } from "../../src/index.ts";
import { RestClient, SocketClient, signedParams } from "../client.ts";

const papers: Paper[] = [];
const clients: SocketClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(papers.splice(0).map((paper) => paper.close()));
});

/** A quiet exchange, its clients, and a clock that the test moves. */
export async function setUp(options: PaperOptions = {}) {
  const clock = new ManualClock();
  const paper = await createPaper({ market: false, clock, ...options });
  papers.push(paper);
  const nowMs = () => clock.nowUs() / 1000;
  /** A REST client of a region, the first unless told. */
  const restOf = (region = 0, account = 0) =>
    new RestClient({ ...paper.accounts[account]!, urls: paper.regions[region]!.urls }, nowMs);
  /** A WebSocket of a region. */
  const open = async (path: string, region = 0) => {
    const client = await SocketClient.open(paper.regions[region]!.urls.stream + path);
    clients.push(client);
    return client;
  };
  const signed = (params: Readonly<Record<string, unknown>> = {}) => signedParams(paper, params, nowMs());
  /** Resolves when something in the exchange has begun to wait for the clock, besides the publisher. */
  const untilWaiting = async () => {
    while (clock.sleeping < 2) await turn();
  };
  /** Moves time on by `ms`, in steps that let every loop go back to sleep. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 50) {
      clock.advance({ ms: Math.min(50, left) });
      await turn();
    }
  };
  return { paper, clock, nowMs, rest: restOf(), restOf, open, signed, untilWaiting, pass };
}

/** One turn of the event loop: whoever was woken has run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A limit order of AAAUSDT that rests. */
export const ORDER = {
  symbol: "AAAUSDT",
  side: "BUY",
  type: "LIMIT",
  timeInForce: "GTC",
  quantity: "1",
  price: "50",
} as const;

/** A request of AAAUSDT's order by its client id, or undefined when the exchange has none. */
export async function orderOf(rest: RestClient, origClientOrderId: string) {
  const { status, body } = await rest.signed("GET", "order", { symbol: "AAAUSDT", origClientOrderId });
  return status === 200 ? body : undefined;
}

/** Resolves with what the call failed with. */
export async function failure(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not fail");
}

/** True when `call` is settled by the time that a request elsewhere has been answered. */
export async function isSettledAfter(call: Promise<unknown>, elsewhere: () => Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  call.then(settle, settle);
  await elsewhere();
  await turn();
  return isSettled;
}
