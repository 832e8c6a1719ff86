import { createPaper, type Fault } from "@pitlane/paper";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { ClientEvents, OrderRequest } from "../../../src/index.ts";
import { type BinanceOptions, createBinance } from "../../../src/venues/binance/index.ts";
import { rejectionOf } from "../../support/rejection.ts";

const NEVER_MS = 60_000; // longer than any of these tests

describe.each([
  ["rest", "GET /api/v3/openOrders", "POST /api/v3/order"],
  ["webSocket", "openOrders.status", "order.place"],
] as const)("over %s", (orderTransport, readRoute, writeRoute) => {
  async function setUp(options: Omit<BinanceOptions, "product"> = {}) {
    const paper = await createPaper({ seed: 5, market: false });
    onTestFinished(() => paper.close());
    const client = createBinance({
      urls: paper.urls,
      credentials: paper,
      clockSync: false,
      orderTransport,
      ...options,
    });
    onTestFinished(() => client.close());
    const instrument = await client.market.getInstrument("AAA/USDT");
    await client.orders.listOpen(); // the sockets are there
    const retried: Parameters<ClientEvents["retried"]>[0][] = [];
    client.events.on("retried", (event) => retried.push(event));
    const order: OrderRequest = {
      instrument,
      clientOrderId: "a",
      side: "buy",
      type: "postOnly",
      priceTicks: 8_000,
      sizeLots: 1_000,
    };
    const isTaken = () => vi.waitFor(() => expect(paper.acceptedOrders()).toHaveLength(1), { interval: 5 });
    return { paper, client, order, retried, isTaken };
  }

  const quick = { backoff: { baseMs: 1, capMs: 1 } };
  const failing = (fault: object, route: string, count: number) => ({ ...fault, route, count }) as Fault;

  test.each([
    ["503", { kind: "error", status: 503 }],
    ["500 with a code", { kind: "error", status: 500, code: -1001 }],
    ["429", { kind: "error", status: 429, code: -1003 }],
  ])("a read that is answered %s is repeated, and told as that", async (_, fault) => {
    const { paper, client, retried } = await setUp(quick);
    paper.faults.add(failing(fault, readRoute, 2));
    expect(await client.orders.listOpen()).toEqual([]);
    expect(retried).toMatchObject([
      { call: readRoute, attempt: 1, error: { retryable: true } },
      { call: readRoute, attempt: 2, error: { retryable: true } },
    ]);
  });

  test("a read is not repeated more often than the call, or else the client, says", async () => {
    const { paper, client, retried } = await setUp({ ...quick, retries: 1 });
    paper.faults.add(failing({ kind: "error", status: 503 }, readRoute, 3));
    expect(await rejectionOf(client.orders.listOpen({ retries: 0 }))).toMatchObject({ code: "VENUE_UNAVAILABLE" });
    expect(retried).toHaveLength(0);
    expect(await rejectionOf(client.orders.listOpen())).toMatchObject({ code: "VENUE_UNAVAILABLE" });
    expect(retried).toHaveLength(1);
  });

  test("a read whose pause would pass its time limit fails at once with what the venue said", async () => {
    const { paper, client, retried } = await setUp(quick);
    paper.faults.add(failing({ kind: "rateLimit", status: 429, retryAfterSeconds: 60 }, readRoute, 1));
    const error = await rejectionOf(client.orders.listOpen({ timeoutMs: 5_000 }));
    expect(error).toMatchObject({ code: "RATE_LIMIT" });
    expect(retried).toEqual([]);
  });

  test("a write that the venue has seen is not repeated", async () => {
    const { paper, client, order, retried } = await setUp(quick);
    const fault = paper.faults.add(failing({ kind: "error", status: 503 }, writeRoute, 2));
    expect(await rejectionOf(client.orders.submit(order))).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect([fault.hits, retried.length]).toEqual([1, 0]);
  });

  test.each(["its caller's signal", "close"])("a write that %s ends under way says so in its cause", async (by) => {
    const { paper, client, order, isTaken } = await setUp();
    paper.faults.add({ kind: "delay", ms: NEVER_MS, count: 1, route: writeRoute });
    const stop = new AbortController();
    const ended = rejectionOf(client.orders.submit(order, { signal: stop.signal }));
    await isTaken();
    if (by === "close") await client.close();
    else stop.abort();
    const cause = { code: "ABORTED", outcome: "unknown", retryable: false };
    expect(await ended).toMatchObject({ code: "OUTCOME_UNKNOWN", clientOrderId: "a", cause });
  });

  test("a write that its own onSent stops is unsent", async () => {
    const { client, order, paper } = await setUp();
    const cause = new Error("not now");
    const onSent = () => {
      throw cause;
    };
    const error = await rejectionOf(client.orders.submit(order, { onSent }));
    expect(error).toMatchObject({ code: "ABORTED", outcome: "unsent", retryable: false, cause });
    expect(paper.acceptedOrders()).toEqual([]);
  });

  test.each([
    [{ timeoutMs: 0 }, /^timeoutMs must be/],
    [{ timeoutMs: Number.NaN }, /^timeoutMs must be/],
    [{ retries: -1 }, /^retries must be/],
  ])("%o is refused before anything is sent", async (control, words) => {
    const { client, order, paper } = await setUp();
    for (const call of [client.orders.submit(order, control), client.orders.listOpen(control)]) {
      const error = await rejectionOf(call);
      expect(error).toMatchObject({ code: "INVALID_INPUT" });
      expect(error.message).toMatch(words);
    }
    expect(paper.acceptedOrders()).toEqual([]);
  });

  test("calls after close are refused alike", async () => {
    const { client, order } = await setUp();
    await client.close();
    for (const call of [client.orders.submit(order), client.orders.listOpen()]) {
      const refused = { code: "ABORTED", outcome: "unsent", retryable: false };
      expect(await rejectionOf(call)).toMatchObject(refused);
    }
  });
});
