import { describe, expect, test } from "vitest";
import { failure, isSettledAfter, ORDER, orderOf, setUp } from "./set-up.ts";

describe("over HTTP", () => {
  test("delay holds the answer back; what it answers has been done", async () => {
    const { paper, rest, pass, untilWaiting } = await setUp();
    paper.faults.add({ kind: "delay", ms: 300, route: "POST /api/v3/order" });
    const placing = rest.place({ newClientOrderId: "late-answer" });
    await untilWaiting();
    expect(await isSettledAfter(placing, () => rest.get("ping"))).toBe(false);
    expect(await orderOf(rest, "late-answer")).toMatchObject({ status: "NEW" });
    await pass(300);
    expect(await placing).toMatchObject({ status: 200, body: { clientOrderId: "late-answer" } });
  });

  test("delay of requests performs them late, even when the client has left", async () => {
    const { paper, rest, pass, untilWaiting } = await setUp();
    paper.faults.add({ kind: "delay", ms: 1000, on: "request", route: "POST /api/v3/order", count: 1 });
    const left = new AbortController();
    const placing = rest.send("POST", "/api/v3/order", { signal: left.signal });
    const isLeft = failure(placing);
    await untilWaiting();
    left.abort();
    await isLeft;
    expect(paper.acceptedOrders()).toEqual([]);
    const late = rest.place({ newClientOrderId: "second" }); // the fault is spent
    expect((await late).status).toBe(200);
    await pass(1000);
    expect(paper.faults.list()).toMatchObject([{ state: "over", hits: 1 }]);
  });

  test("a request performed too late is refused by its recvWindow, so a late one cannot surprise", async () => {
    const { paper, rest, pass, untilWaiting } = await setUp();
    paper.faults.add({ kind: "delay", ms: 6000, on: "request", route: "POST /api/v3/order" });
    const placing = rest.place();
    await untilWaiting();
    await pass(6000);
    expect(await placing).toMatchObject({ status: 400, body: { code: -1021 } });
  });

  test("jitter adds at most so much", async () => {
    const { paper, rest, pass, untilWaiting } = await setUp();
    const fault = paper.faults.add({ kind: "delay", jitterMs: 100, route: "GET /api/v3/ping" });
    for (let i = 0; i < 5; i++) {
      const answered = rest.get("ping");
      await untilWaiting();
      await pass(101);
      expect((await answered).status).toBe(200);
    }
    expect(fault.hits).toBe(5);
  });

  test.each([
    [{ status: 503 }, 503, { code: -1008 }],
    [{ status: 504 }, 504, { code: -1007 }],
    [{ status: 400, code: -2010, msg: "Account has insufficient balance for requested action." }, 400, { code: -2010 }],
    [{ status: 500 }, 500, { code: -1000 }],
    [{ status: 403, msg: "Forbidden" }, 403, { msg: "Forbidden" }],
  ])("error %j answers in the venue's form and does nothing", async (options, status, body) => {
    const { paper, rest } = await setUp();
    paper.faults.add({ kind: "error", ...options, route: "POST /api/v3/order", count: 1 });
    expect(await rest.place()).toMatchObject({ status, body });
    expect(paper.acceptedOrders()).toEqual([]);
    expect((await rest.place()).status).toBe(200);
  });

  test("error with acted has done what it denies", async () => {
    const { paper, rest } = await setUp();
    paper.faults.add({ kind: "error", status: 504, acted: true, route: "POST /api/v3/order" });
    expect((await rest.place({ newClientOrderId: "denied" })).body).toEqual({
      code: -1007,
      msg: "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
    });
    expect(await orderOf(rest, "denied")).toMatchObject({ status: "NEW" });
  });

  test("rateLimit answers 429 with the seconds to wait", async () => {
    const { paper, rest } = await setUp();
    paper.faults.add({ kind: "rateLimit", retryAfterSeconds: 7, count: 1 });
    const answer = await rest.get("ping");
    expect(answer).toMatchObject({ status: 429, body: { code: -1003 } });
    expect(answer.headers.get("retry-after")).toBe("7");
    expect((await rest.get("ping")).status).toBe(200);
  });

  test("rateLimit with 418 bans the address until it may come back, in every region", async () => {
    const { paper, rest, restOf, nowMs, pass } = await setUp({ regions: [{ name: "eu" }, { name: "us" }] });
    paper.faults.add({ kind: "rateLimit", status: 418, retryAfterSeconds: 5, count: 1, region: "eu" });
    const until = nowMs() + 5000;
    const msg = `Way too much request weight used; IP banned until ${until}. Please use WebSocket Streams for live updates to avoid bans.`;
    expect(await rest.get("ping")).toMatchObject({ status: 418, body: { code: -1003, msg } });
    const other = await restOf(1).get("ping");
    expect(other).toMatchObject({ status: 418, body: { code: -1003, msg } });
    expect(other.headers.get("retry-after")).toBe("5");
    await pass(5000);
    expect((await rest.get("ping")).status).toBe(200);
  });

  test("acceptThenTimeout does it and never answers", async () => {
    const { paper, rest } = await setUp();
    paper.faults.add({ kind: "acceptThenTimeout", route: "POST /api/v3/order" });
    const isAnswered = isSettledAfter(rest.place({ newClientOrderId: "unanswered" }), async () => {
      while ((await orderOf(rest, "unanswered")) === undefined);
      await rest.get("ping");
    });
    expect(await isAnswered).toBe(false);
  });

  test("responseLost does it and destroys the connection", async () => {
    const { paper, rest } = await setUp();
    const fault = paper.faults.add({ kind: "responseLost", route: "POST /api/v3/order", count: 1 });
    expect((await failure(rest.place({ newClientOrderId: "lost" }))).message).toBe("fetch failed");
    expect(await orderOf(rest, "lost")).toMatchObject({ status: "NEW" });
    expect(fault).toMatchObject({ hits: 1, state: "over" });
  });

  test("resetBefore destroys the connection and does nothing", async () => {
    const { paper, rest } = await setUp();
    paper.faults.add({ kind: "resetBefore", route: "POST /api/v3/order", count: 1 });
    expect((await failure(rest.place({ newClientOrderId: "never" }))).message).toBe("fetch failed");
    expect(await orderOf(rest, "never")).toBeUndefined();
    expect(paper.acceptedOrders()).toEqual([]);
  });

  test("a route is whole words: an order, not order lists, and every verb where none is named", async () => {
    const { paper, rest } = await setUp();
    paper.faults.add({ kind: "error", status: 500, route: "/api/v3/order" });
    expect((await rest.signed("GET", "openOrders")).status).toBe(200);
    expect((await rest.place()).status).toBe(500);
    expect((await rest.signed("POST", "order/test", ORDER)).status).toBe(500);
    expect((await rest.signed("DELETE", "order", { symbol: "AAAUSDT", orderId: 1 })).status).toBe(500);
  });

  test("probability hits that share, the same for the same seed", async () => {
    const statuses = async (seed: number) => {
      const { paper, rest } = await setUp({ seed });
      paper.faults.add({ kind: "error", status: 500, probability: 0.5, route: "GET /api/v3/ping" });
      const found: number[] = [];
      for (let i = 0; i < 40; i++) found.push((await rest.get("ping")).status);
      return found;
    };
    const first = await statuses(1);
    const share = first.filter((status) => status === 500).length / first.length;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.8);
    expect(await statuses(1)).toEqual(first);
    expect(await statuses(2)).not.toEqual(first);
  });

  test("handshakes meet them too: refused, reset, or late", async () => {
    const { paper, open, pass, untilWaiting } = await setUp();
    const refused = paper.faults.add({ kind: "error", status: 503, route: "/ws" });
    expect((await failure(open("/ws/aaausdt@trade"))).message).toContain("503");
    await open("/ws-api/v3"); // another path
    refused.remove();
    paper.faults.add({ kind: "resetBefore", route: "/ws", count: 1 });
    expect((await failure(open("/ws/aaausdt@trade"))).message).toMatch(/hang up|ECONNRESET/);
    paper.faults.add({ kind: "delay", ms: 100, route: "/ws", count: 1 });
    const late = open("/ws/aaausdt@trade");
    await untilWaiting();
    await pass(100);
    await late;
  });
});

describe("over the WebSocket API", () => {
  async function connected() {
    const parts = await setUp();
    const api = await parts.open("/ws-api/v3");
    return { ...parts, api };
  }

  test("error and rateLimit answer with the request's id, status and the venue's words", async () => {
    const { paper, api, signed, nowMs } = await connected();
    paper.faults.add({ kind: "error", status: 503, route: "order.place", count: 1 });
    expect(await api.ask("a", "order.place", signed(ORDER))).toMatchObject({
      id: "a",
      status: 503,
      error: { code: -1008 },
    });
    paper.faults.add({ kind: "rateLimit", retryAfterSeconds: 3, route: "order", count: 1 });
    expect(await api.ask(2, "order.place", signed(ORDER))).toMatchObject({
      id: 2,
      status: 429,
      error: { code: -1003, data: { serverTime: nowMs(), retryAfter: nowMs() + 3000 } },
    });
    expect(paper.acceptedOrders()).toEqual([]);
    expect((await api.ask(3, "order.place", signed(ORDER))).status).toBe(200);
  });

  test("a ban is told there too, and keeps new connections out", async () => {
    const { paper, api, open, nowMs, pass } = await connected();
    paper.faults.add({ kind: "rateLimit", status: 418, retryAfterSeconds: 2, count: 1 });
    const until = nowMs() + 2000;
    for (const id of [1, 2]) {
      expect(await api.ask(id, "ping")).toMatchObject({
        status: 418,
        error: { code: -1003, data: { retryAfter: until } },
      });
    }
    expect((await failure(open("/ws-api/v3"))).message).toContain("418");
    await pass(2000);
    expect((await api.ask(3, "ping")).status).toBe(200);
  });

  test("acceptThenTimeout does it and never answers", async () => {
    const { paper, api, rest, signed } = await connected();
    paper.faults.add({ kind: "acceptThenTimeout", route: "order.place", count: 1 });
    api.send({ id: 1, method: "order.place", params: signed({ ...ORDER, newClientOrderId: "quiet" }) });
    await api.ask(2, "ping");
    expect(await orderOf(rest, "quiet")).toMatchObject({ status: "NEW" });
    expect(api.messages.map(({ id }) => id)).toEqual([2]);
  });

  test("responseLost does it and destroys the connection; resetBefore does not do it", async () => {
    const { paper, api, rest, open, signed } = await connected();
    paper.faults.add({ kind: "responseLost", route: "order.place", count: 1 });
    api.send({ id: 1, method: "order.place", params: signed({ ...ORDER, newClientOrderId: "acted" }) });
    expect((await api.closed).code).toBe(1006);
    expect(api.messages).toEqual([]);
    expect(await orderOf(rest, "acted")).toMatchObject({ status: "NEW" });
    const again = await open("/ws-api/v3");
    paper.faults.add({ kind: "resetBefore", route: "order.place", count: 1 });
    again.send({ id: 1, method: "order.place", params: signed({ ...ORDER, newClientOrderId: "not" }) });
    expect((await again.closed).code).toBe(1006);
    expect(await orderOf(rest, "not")).toBeUndefined();
  });

  test("delay of requests performs them late, after those that came later", async () => {
    const { paper, api, rest, signed, pass, untilWaiting } = await connected();
    paper.faults.add({ kind: "delay", ms: 200, on: "request", route: "order.place", count: 1 });
    api.send({ id: 1, method: "order.place", params: signed({ ...ORDER, newClientOrderId: "slow" }) });
    await untilWaiting();
    expect((await api.ask(2, "ping")).status).toBe(200);
    expect(await orderOf(rest, "slow")).toBeUndefined();
    await pass(200);
    await api.until(({ id }) => id === 1);
    expect(await orderOf(rest, "slow")).toMatchObject({ status: "NEW" });
  });

  test("subscribing on a market stream can be refused, or its answer lost", async () => {
    const { paper, open } = await connected();
    const stream = await open("/ws");
    paper.faults.add({ kind: "error", status: 503, route: "SUBSCRIBE", count: 1 });
    expect(await stream.ask(1, "SUBSCRIBE")).toMatchObject({ id: 1, error: { code: -1008 } });
    paper.faults.add({ kind: "acceptThenTimeout", route: "SUBSCRIBE", count: 1 });
    stream.send({ id: 2, method: "SUBSCRIBE", params: ["aaausdt@trade"] });
    stream.send({ id: 3, method: "LIST_SUBSCRIPTIONS" });
    expect(await stream.until(({ id }) => id > 1)).toEqual([{ id: 3, result: ["aaausdt@trade"] }]);
  });
});
