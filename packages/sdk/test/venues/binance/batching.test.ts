import { createPaper } from "@pitlane/paper";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { CallAbortedError, type Instrument, type OrderRequest, OutcomeUnknownError } from "../../../src/index.ts";
import { type BinanceOptions, createBinance } from "../../../src/venues/binance/index.ts";
import { rejectionOf } from "../../support/rejection.ts";

const NEVER_MS = 60_000; // longer than any of these tests

/** A client with `options` beside one that does not batch, on a market where orders rest. */
async function setUp(options: Omit<BinanceOptions, "product">) {
  const paper = await createPaper({ seed: 5, market: false });
  onTestFinished(() => paper.close());
  const open = (of: Omit<BinanceOptions, "product">) => {
    const client = createBinance({ urls: paper.urls, credentials: paper, clockSync: false, ...of });
    onTestFinished(() => client.close());
    return client;
  };
  const client = open(options);
  const instrument = await client.market.getInstrument("AAA/USDT", { timeoutMs: 5_000 });
  await client.orders.listOpen({ timeoutMs: 5_000 }); // the sockets are there
  const holds = (clientOrderId: string) =>
    paper.acceptedOrders().some((accepted) => accepted.clientOrderId === clientOrderId);
  return { paper, client, open, instrument, holds, order: (id: string) => order(instrument, id) };
}

function order(instrument: Instrument, clientOrderId: string): OrderRequest {
  return { instrument, clientOrderId, side: "buy", type: "postOnly", priceTicks: 8_000, sizeLots: 1_000 };
}

describe.each(["rest", "webSocket"] as const)("a batched call over %s", (orderTransport) => {
  const route = orderTransport === "rest" ? "POST /api/v3/order" : "order.place";
  const few = { maxAgeMs: 1, maxSize: 10 };
  const patient = { maxAgeMs: NEVER_MS, maxSize: 10 };

  test("that its caller aborts after it was sent has an unknown outcome and its id", async () => {
    const { paper, client, order, holds } = await setUp({ orderTransport, batching: few });
    paper.faults.add({ kind: "delay", ms: NEVER_MS, count: 1, route });
    const stop = new AbortController();
    const ended = rejectionOf(client.orders.submit(order("a"), { signal: stop.signal }));
    await vi.waitFor(() => expect(holds("a")).toBe(true), { interval: 5 });
    const reason = new Error("enough");
    stop.abort(reason);
    const error = await ended;
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ clientOrderId: "a", outcome: "unknown", cause: { code: "ABORTED", cause: reason } });
  });

  test("that its caller aborts after it was sent does not wait for the others of its batch", async () => {
    const { paper, client, order, holds } = await setUp({
      orderTransport,
      batching: { maxAgeMs: NEVER_MS, maxSize: 2 },
    });
    paper.faults.add({ kind: "delay", ms: NEVER_MS, count: 2, route });
    const stop = new AbortController();
    const aborted = rejectionOf(client.orders.submit(order("a"), { signal: stop.signal }));
    const slow = rejectionOf(client.orders.submit(order("b")));
    await vi.waitFor(() => expect([holds("a"), holds("b")]).toEqual([true, true]), { interval: 5 });
    stop.abort();
    expect(await aborted).toMatchObject({ code: "OUTCOME_UNKNOWN", clientOrderId: "a" });
    await client.close();
    expect(await slow).toMatchObject({ code: "OUTCOME_UNKNOWN", clientOrderId: "b", cause: { code: "ABORTED" } });
  });

  test("that runs out of time after it was sent has an unknown outcome and its id", async () => {
    const { paper, client, order, holds } = await setUp({ orderTransport, batching: few });
    paper.faults.add({ kind: "delay", ms: NEVER_MS, count: 1, route });
    const error = await rejectionOf(client.orders.submit(order("a"), { timeoutMs: 400 }));
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", clientOrderId: "a", cause: { code: "TIMEOUT" } });
    expect(holds("a")).toBe(true);
  });

  test("that its caller aborts while it is collected, or before, is unsent, and the others go", async () => {
    const { client, order, holds } = await setUp({ orderTransport, batching: { maxAgeMs: NEVER_MS, maxSize: 2 } });
    const stop = new AbortController();
    const collected = rejectionOf(client.orders.submit(order("a"), { signal: stop.signal }));
    const reason = new Error("enough");
    stop.abort(reason);
    const before = rejectionOf(client.orders.submit(order("b"), { signal: stop.signal }));
    for (const error of [await collected, await before]) {
      expect(error).toBeInstanceOf(CallAbortedError);
      expect(error).toMatchObject({ outcome: "unsent", retryable: false, cause: reason });
    }
    const others = await Promise.all([client.orders.submit(order("c")), client.orders.submit(order("d"))]);
    expect(others.map(({ clientOrderId }) => clientOrderId)).toEqual(["c", "d"]);
    expect([holds("a"), holds("b")]).toEqual([false, false]);
  });

  test("that runs out of time while it is collected is unsent", async () => {
    const { client, order, paper } = await setUp({ orderTransport, batching: patient });
    const error = await rejectionOf(client.orders.submit(order("a"), { timeoutMs: 30 }));
    expect(error).toMatchObject({ code: "TIMEOUT", outcome: "unsent" });
    expect(error.message).toMatch(
      /^submit of order a had no time left: it waited for its batch \(batching\.maxAgeMs\)/,
    );
    expect(paper.acceptedOrders()).toEqual([]);
  });

  test("has the client's limit unless told, what it is collected for included", async () => {
    const { client, order, paper } = await setUp({ orderTransport, batching: patient, callTimeoutMs: 100 });
    expect(await rejectionOf(client.orders.submit(order("a")))).toMatchObject({ code: "TIMEOUT", outcome: "unsent" });
    expect(paper.acceptedOrders()).toEqual([]);
    const wrong = client.orders.submit(order("b"), { timeoutMs: 0 });
    expect(await rejectionOf(wrong)).toMatchObject({ code: "INVALID_INPUT" });
  });

  test("is never sent by the client's close, which fails it as unsent, and fails those under way", async () => {
    const { paper, client, order, holds } = await setUp({
      orderTransport,
      batching: { maxAgeMs: NEVER_MS, maxSize: 2 },
    });
    paper.faults.add({ kind: "delay", ms: NEVER_MS, count: 2, route });
    const sent = ["a", "b"].map((id) => rejectionOf(client.orders.submit(order(id))));
    await vi.waitFor(() => expect([holds("a"), holds("b")]).toEqual([true, true]), { interval: 5 });
    const collected = [
      rejectionOf(client.orders.submit(order("c"))),
      rejectionOf(client.orders.cancel(order("a"))),
      rejectionOf(client.orders.amend({ ...order("a"), sizeLots: 500 })),
    ];
    await client.close();
    for (const error of await Promise.all(collected)) {
      expect(error).toBeInstanceOf(CallAbortedError);
      expect(error).toMatchObject({ outcome: "unsent" });
    }
    for (const error of await Promise.all(sent)) expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(holds("c")).toBe(false);
  });

  test("after the client's close fails as one that is not batched does", async () => {
    const { client, open, order } = await setUp({ orderTransport, batching: few });
    const plain = open({ orderTransport });
    await Promise.all([client.close(), plain.close()]);
    const batched = await rejectionOf(client.orders.submit(order("a")));
    const { code, outcome, retryable } = (await rejectionOf(plain.orders.submit(order("a")))) as CallAbortedError;
    expect({ code, outcome, retryable }).toEqual({ code: "ABORTED", outcome: "unsent", retryable: false });
    expect(batched).toBeInstanceOf(CallAbortedError);
    expect(batched).toMatchObject({ code, outcome, retryable });
  });
});

test("a call with what is none for a control or a request is refused at once", async () => {
  const { client, order } = await setUp({ batching: { maxAgeMs: NEVER_MS, maxSize: 2 } });
  const { submit, cancel, amend } = client.orders;
  const none = undefined as never;
  const asked = [
    submit(order("a"), null as never),
    submit(order("a"), { signal: {} as never }),
    submit(none),
    cancel(none),
    amend(none),
  ];
  const errors = await Promise.all(asked.map(rejectionOf));
  for (const error of errors) expect(error).toMatchObject({ code: "INVALID_INPUT" });
  expect(errors.map(({ message }) => message.split(" ", 1)[0])).toEqual([
    "control",
    "signal",
    "request",
    "ref",
    "request",
  ]);
});

test("a call that was answered does not wait for the others of its batch", async () => {
  const { paper, client, order } = await setUp({ batching: { maxAgeMs: NEVER_MS, maxSize: 2 } });
  paper.faults.add({ kind: "delay", ms: NEVER_MS, count: 1, route: "POST /api/v3/order" });
  const ended = [order("a"), order("b")].map((one) => client.orders.submit(one).catch(({ code }) => code as string));
  const first = await Promise.race(ended); // which of the two is delayed is the exchange's choice
  expect(first).toMatchObject({ status: "accepted" });
  await client.close();
  expect(await Promise.all(ended)).toContain("OUTCOME_UNKNOWN");
});

test("a call asked for right after close has begun is not sent either", async () => {
  const { client, order, holds } = await setUp({ batching: { maxAgeMs: 0, maxSize: 1 } });
  const closed = client.close();
  expect(await rejectionOf(client.orders.submit(order("a")))).toMatchObject({ code: "ABORTED", outcome: "unsent" });
  await closed;
  expect(holds("a")).toBe(false);
});

test("more calls at once than any batch takes all go out", async () => {
  const { client, instrument } = await setUp({ orderTransport: "webSocket", batching: { maxAgeMs: 0, maxSize: 1 } });
  const asked = Array.from({ length: 1_500 }, (_, i) =>
    client.orders.cancel({ instrument, clientOrderId: `none-${i}` }).catch(({ code }) => code as string),
  );
  expect(new Set(await Promise.all(asked))).toEqual(new Set(["ORDER_NOT_FOUND"]));
});
