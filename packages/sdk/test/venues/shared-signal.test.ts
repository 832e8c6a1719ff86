import { getEventListeners } from "node:events";
import { createPaper } from "@pitlane/paper";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createAxiom } from "../../src/venues/axiom/index.ts";
import { type BinanceOptions, createBinance } from "../../src/venues/binance/index.ts";
import { createBinanceMarket } from "../../src/venues/binance/market-only.ts";
import { setUpVenue } from "./axiom/paper-axiom.ts";

const MANY = 40; // Node warns from 11 listeners on
const NEVER_MS = 60_000; // longer than any of these tests

const many = <T>(begin: (i: number) => T): T[] => Array.from({ length: MANY }, (_, i) => begin(i));

/** A signal for many, and what Node makes of it. */
function shared() {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => void warnings.push(name);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const stop = new AbortController();
  return { stop, signal: stop.signal, listeners: () => getEventListeners(stop.signal, "abort").length, warnings };
}

/** Makes calls that are not answered under one signal, aborts it, and gives what they ended with. */
async function abortAll(call: (signal: AbortSignal, i: number) => Promise<unknown>) {
  const { stop, signal, listeners, warnings } = shared();
  const ended = many((i) => call(signal, i)).map((one) =>
    one.then(
      () => "answered",
      ({ code, message }: { code?: string; message: string }) => code ?? message,
    ),
  );
  await vi.waitFor(() => expect(listeners()).toBe(1));
  stop.abort(new Error("enough"));
  const ends = new Set(await Promise.all(ended));
  expect([listeners(), warnings]).toEqual([0, []]);
  return [...ends];
}

describe("one signal for many calls is listened to once, ends them all, and is left alone then", () => {
  async function setUp(options: Omit<BinanceOptions, "product"> = {}) {
    const paper = await createPaper({ seed: 5, market: false });
    onTestFinished(() => paper.close());
    const client = createBinance({ urls: paper.urls, credentials: paper, clockSync: false, ...options });
    onTestFinished(() => client.close());
    const instrument = await client.market.getInstrument("AAA/USDT");
    const order = (i: number) =>
      ({
        instrument,
        clientOrderId: `a-${i}`,
        side: "buy",
        type: "postOnly",
        priceTicks: 8_000,
        sizeLots: 1_000,
      }) as const;
    paper.faults.add({ kind: "delay", ms: NEVER_MS });
    return { paper, client, order };
  }

  test.each(["rest", "webSocket"] as const)("reads and writes of Binance over %s", async (orderTransport) => {
    const { client, order } = await setUp({ orderTransport });
    expect(await abortAll((signal, i) => client.orders.get(order(i), { signal }))).toEqual(["enough"]);
    const ends = await abortAll((signal, i) => client.orders.submit(order(i), { signal }));
    for (const end of ends) expect(["OUTCOME_UNKNOWN", "ABORTED"]).toContain(end);
  });

  test("calls that are collected for a batch", async () => {
    const { client, order } = await setUp({ batching: { maxAgeMs: NEVER_MS, maxSize: 1_000 } });
    expect(await abortAll((signal, i) => client.orders.submit(order(i), { signal }))).toEqual(["ABORTED"]);
  });

  test("calls of the light client", async () => {
    const { paper } = await setUp();
    const client = createBinanceMarket({ urls: paper.urls });
    onTestFinished(() => client.close());
    expect(await abortAll((signal) => client.market.listInstruments({ signal }))).toEqual(["enough"]);
  });

  test("calls of Axiom, also while they wait for their session", async () => {
    const { urls, venue, faults } = await setUpVenue();
    const axiom = createAxiom({ urls, session: venue.openSession() });
    onTestFinished(() => axiom.close());
    await axiom.market.getOnlineUsers();
    faults.add({ kind: "delay", ms: NEVER_MS });
    expect(await abortAll((signal) => axiom.market.getOnlineUsers({ signal }))).toEqual(["enough"]);
    const { refreshToken } = venue.openSession();
    const waiting = createAxiom({ urls, session: { refreshToken } });
    onTestFinished(() => waiting.close());
    expect(await abortAll((signal) => waiting.market.getOnlineUsers({ signal }))).toEqual(["enough"]);
    expect(await abortAll((signal) => waiting.session.ensure({ signal }))).toEqual(["enough"]);
  });

  test("streams", async () => {
    const { client, order } = await setUp();
    const { stop, signal, listeners, warnings } = shared();
    const { instrument } = order(0);
    const streams = many(() => client.stream.market({ instruments: [instrument], signal }));
    expect(listeners()).toBe(1);
    stop.abort();
    await Promise.all(streams.map((stream) => stream.close()));
    expect([listeners(), warnings]).toEqual([0, []]);
  });
});
