import { ManualClock } from "@pitlane/perf/testing";
import {
  InvalidInputError,
  NetworkError,
  OrderNotFoundError,
  type OrderReport,
  type Outcome,
  OutcomeUnknownError,
  RejectedError,
  type WriteControl,
} from "@pitlane/sdk";
import { expect, test } from "vitest";
import type { ApprovedIntent } from "../../src/engines/risk.ts";
import { createStageLatencies } from "../../src/latency.ts";
import type { OrderTimes } from "../../src/observe/attribution.ts";
import { OrderGateway } from "../../src/orders/gateway.ts";
import { applyFailure, applyReport, beginAmend, beginCancel, endAmend, endCancel } from "../../src/orders/machine.ts";
import { type Intent, Order } from "../../src/orders/order.ts";
import type { PipelineSettings } from "../../src/orders/sender.ts";
import { testInstrument } from "../../src/testing.ts";
import type { OrderVenue } from "../../src/venue.ts";

const instrument = testInstrument();
const other = testInstrument({ symbol: "BBB/USDT" });

/** A request that the test answers. */
interface Call {
  readonly id: string;
  readonly control: WriteControl;
  answer(status?: OrderReport["status"]): Promise<void>;
  fail(error: Error): Promise<void>;
}

function setUp(options: { pipeline?: Partial<PipelineSettings>; venue?: Partial<OrderVenue> } = {}) {
  const clock = new ManualClock();
  const orders = new Map<string, Order>();
  const calls: Call[] = [];
  const told: string[] = [];
  const latencies = createStageLatencies();
  const timed: (OrderTimes & { readonly id: string })[] = [];
  const turns = async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  const reportOf = (id: string, status: OrderReport["status"] = "accepted"): OrderReport => ({
    instrument: orders.get(id)!.intent.instrument,
    clientOrderId: id,
    venueOrderId: id,
    status,
    side: "buy",
    sizeLots: orders.get(id)!.sizeLots,
    filledLots: 0,
    fills: [],
    atUs: 0,
  });
  const call = <T>(
    id: string,
    control: WriteControl = {},
    value: (status?: OrderReport["status"]) => T,
  ): Promise<T> => {
    const { promise, resolve, reject } = deferred<T>();
    control.signal?.addEventListener("abort", () => reject(new NetworkError("aborted", { outcome: "unsent" })));
    calls.push({
      id,
      control,
      answer: (status) => {
        resolve(value(status));
        return turns();
      },
      fail: (error) => {
        reject(error);
        return turns();
      },
    });
    return promise;
  };
  const venue: OrderVenue = {
    submit: ({ clientOrderId: id }, control) => call(id, control, (status) => reportOf(id, status)),
    cancel: ({ clientOrderId: id }, control) =>
      call(`cancel ${id}`, control, (status) => reportOf(id, status ?? "cancelled")),
    get: () => Promise.reject(notFound()),
    listFills: () => Promise.resolve([]),
    ...options.venue,
  };
  const gateway = new OrderGateway({
    venue,
    clock,
    latencies,
    recvWindowMs: 5000,
    pipeline: { requests: 2, instruments: 2, batch: 100, queueTimeoutMs: 1000, ...options.pipeline },
    onReport: (report) => void applyReport(orders.get(report.clientOrderId)!, report),
    onFailure: (order, outcome, reason) => {
      told.push(`${order.clientOrderId} ${outcome} ${reason}`);
      applyFailure(order, outcome, reason);
    },
    onCancelEnd: (order, refusal) => {
      told.push(`cancel ${order.clientOrderId} ended ${refusal}`.trim());
      endCancel(order, refusal);
    },
    onAmendEnd: (order, refusal) => {
      told.push(`amend ${order.clientOrderId} ended ${refusal}`.trim());
      endAmend(order, refusal);
    },
    onOverdue: (order) => told.push(`${order.clientOrderId} overdue`),
    onFault: (message) => told.push(message),
    timer: {
      offer: ({ clientOrderId: id, bornNs }, triggerNs, approvedNs, turnNs, sentNs, answeredNs) =>
        void timed.push({ id, bornNs, triggerNs, approvedNs, turnNs, sentNs, answeredNs }),
    },
  });
  const send = (id: string, terms: Partial<Intent> = {}): Order => {
    const order = new Order(id, "s", 0, {
      instrument,
      side: "buy",
      type: "limit",
      priceTicks: 100,
      sizeLots: 10,
      ...terms,
    });
    order.state = "submitted";
    order.bornNs = clock.monotonicNs();
    orders.set(id, order);
    gateway.send({ order } as ApprovedIntent, Number.NaN);
    return order;
  };
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 1) {
      clock.advance({ ms: 1 });
      await turns();
    }
  };
  const sent = () => calls.map(({ id }) => id);
  return { gateway, clock, calls, told, send, pass, sent, latencies, timed, reportOf, turns, call };
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const notFound = () => new OrderNotFoundError("no such order", { status: 400, venueCode: -2013, venueText: "no" });
const refusal = (text: string) => new RejectedError(text, { status: 400, venueCode: -2010, venueText: text });

test("with a free place and nothing waiting, an order is at the venue when send returns", () => {
  const { send, sent, gateway } = setUp();
  send("a");
  expect(sent()).toEqual(["a"]);
  expect({ queued: gateway.queued, inFlight: gateway.inFlight }).toEqual({ queued: 0, inFlight: 1 });
});

test("orders beyond the places wait, and go by priority, expected profit and time as answers come", async () => {
  const { send, sent, calls, latencies, clock } = setUp({ pipeline: { requests: 1 } });
  for (const id of ["first", "second"]) send(id);
  send("dear", { expectedProfit: 9n });
  send("urgent", { priority: 9 });
  expect(sent()).toEqual(["first"]);
  clock.advance({ ms: 4 });
  for (let i = 0; i < 4; i++) await calls[i]!.answer();
  expect(sent()).toEqual(["first", "urgent", "dear", "second"]);
  expect(latencies.queue.summary().count).toBe(3);
  expect(latencies.queue.percentileNs(50)).toBeGreaterThanOrEqual(4e6);
});

test("a refusal and a lost answer give the place to the next as an answer does", async () => {
  const { send, sent, calls } = setUp({ pipeline: { requests: 1 } });
  for (const id of ["a", "b", "c"]) send(id);
  await calls[0]!.fail(refusal("no funds"));
  await calls[1]!.fail(new OutcomeUnknownError("b", { cause: new Error("reset") }));
  expect(sent()).toEqual(["a", "b", "c"]);
});

test("slow answers of one instrument do not hold up another, whose orders have places left", () => {
  const { send, sent, gateway } = setUp({ pipeline: { requests: 4 } });
  for (const id of ["slow-1", "slow-2", "slow-3", "slow-4"]) send(id);
  for (const id of ["b-1", "b-2", "b-3"]) send(id, { instrument: other });
  expect(sent()).toEqual(["slow-1", "slow-2", "b-1", "b-2"]);
  expect(gateway.queued).toBe(3);
});

test("a cancel goes out at once, however many orders wait", async () => {
  const { send, sent, gateway, calls, told } = setUp({ pipeline: { requests: 1 } });
  const order = send("a");
  for (const id of ["b", "c"]) send(id);
  await calls[0]!.answer();
  beginCancel(order);
  gateway.cancel(order);
  expect(sent()).toEqual(["a", "b", "cancel a"]);
  await calls[2]!.answer();
  expect(order.state).toBe("cancelled");
  expect(told).toEqual(["cancel a ended"]);
});

test("an order whose latency budget is over while it waits is dropped, and never sent", async () => {
  const { send, pass, calls, sent, told, gateway } = setUp({ pipeline: { requests: 1 } });
  send("a");
  const late = send("late", { maxLatencyMs: 5 });
  await pass(4);
  expect(late.state).toBe("submitted");
  await pass(2);
  expect(late).toMatchObject({ state: "rejected", reason: "LATENCY_BUDGET: not handed to the socket within 5 ms" });
  expect(told).toEqual(["late unsent LATENCY_BUDGET: not handed to the socket within 5 ms"]);
  await calls[0]!.answer();
  expect(sent()).toEqual(["a"]);
  expect(gateway.queued).toBe(0);
});

test("an order that is late before its turn is dropped, though nothing waits", async () => {
  const { clock, gateway, told, sent, turns } = setUp();
  const terms = { instrument, side: "buy", type: "limit", priceTicks: 100, sizeLots: 10, maxLatencyMs: 5 } as const;
  const order = new Order("slow-disk", "s", 0, terms);
  order.state = "submitted";
  order.bornNs = clock.monotonicNs();
  clock.advance({ ms: 6 });
  gateway.send({ order } as ApprovedIntent, Number.NaN);
  expect(told).toEqual([]); // never before `send` returns
  await turns();
  expect(told).toEqual(["slow-disk unsent LATENCY_BUDGET: not handed to the socket within 5 ms"]);
  expect(sent()).toEqual([]);
  expect(gateway.inFlight).toBe(0);
});

test("one that the client still holds when its budget is over is taken back while no byte has left", async () => {
  const { send, pass, told } = setUp();
  const order = send("held", { maxLatencyMs: 5 }); // waits for the client's request budget, say
  await pass(6);
  expect(order.state).toBe("rejected");
  expect(told).toEqual(["held unsent LATENCY_BUDGET: not handed to the socket within 5 ms"]);
});

test("one that was sent and has no answer when its budget is over is overdue, once, and not aborted", async () => {
  const { send, pass, calls, told, clock } = setUp();
  const order = send("a", { maxLatencyMs: 5 });
  calls[0]!.control.onSent?.(clock.monotonicNs());
  await pass(20);
  expect(told).toEqual(["a overdue"]);
  expect(calls[0]!.control.signal?.aborted).toBe(false);
  await calls[0]!.answer();
  expect(order.state).toBe("accepted");
});

test("an answer in time ends the budget; a lost one does not", async () => {
  const { send, pass, calls, told, clock } = setUp({ pipeline: { requests: 4 } });
  send("answered", { maxLatencyMs: 5 });
  send("lost", { maxLatencyMs: 5 });
  for (const one of calls) one.control.onSent?.(clock.monotonicNs());
  await calls[0]!.answer();
  await calls[1]!.fail(new OutcomeUnknownError("lost", { cause: new Error("reset") }));
  await pass(20);
  expect(told.filter((line) => line.endsWith("overdue"))).toEqual(["lost overdue"]);
});

test("no order waits for ever: after the queue's timeout it is dropped", async () => {
  const { send, pass, told, gateway } = setUp({ pipeline: { requests: 1, queueTimeoutMs: 50 } });
  send("a"); // never answered
  const order = send("b");
  await pass(52);
  expect(order.state).toBe("rejected");
  expect(told).toEqual(["b unsent QUEUE_TIMEOUT: its turn did not come in 50 ms"]);
  expect(gateway.queued).toBe(0);
});

test("an order that is taken back while it waits is not sent; one under way is left alone", async () => {
  const { send, gateway, told, turns, calls, sent } = setUp({ pipeline: { requests: 1 } });
  const sentOrder = send("a");
  const waiting = send("b");
  gateway.withdraw(sentOrder);
  gateway.withdraw(waiting);
  gateway.withdraw(waiting);
  await turns();
  expect(told).toEqual(["b unsent WITHDRAWN: cancelled while it waited to be sent"]);
  await calls[0]!.answer();
  expect(sent()).toEqual(["a"]);
});

test("closing drops what waits and resolves when the calls under way have ended", async () => {
  const { send, gateway, told, calls, turns } = setUp({ pipeline: { requests: 1 } });
  send("a");
  send("b");
  const closed = gateway.close();
  await turns();
  expect(told).toEqual(["b unsent CLOSED: the session ended before it was sent"]);
  await calls[0]!.answer();
  await closed;
});

test("an amendment that the venue makes is in a report before its end; a refused one says why", async () => {
  const answers: (() => Promise<OrderReport>)[] = [];
  const { send, gateway, calls, told, turns, reportOf } = setUp({ venue: { amend: () => answers.shift()!() } });
  const order = send("a");
  await calls[0]!.answer();
  answers.push(() => Promise.resolve({ ...reportOf("a"), sizeLots: 5 }));
  answers.push(() => Promise.reject(refusal("too late")));
  beginAmend(order, 5);
  gateway.amend(order);
  await turns();
  expect(order).toMatchObject({ state: "accepted", sizeLots: 5 });
  beginAmend(order, 3);
  gateway.amend(order);
  await turns();
  expect(order).toMatchObject({ state: "accepted", sizeLots: 5, reason: "too late" });
  expect(told).toEqual(["amend a ended", "amend a ended too late"]);
});

test("an amendment whose answer is lost is settled by asking about the order", async () => {
  const { send, gateway, calls, told, turns, reportOf } = setUp({
    venue: {
      amend: () => Promise.reject(new OutcomeUnknownError("a", { cause: new Error("reset") })),
      get: () => Promise.resolve({ ...reportOf("a"), sizeLots: 4 }),
    },
  });
  const order = send("a");
  await calls[0]!.answer();
  beginAmend(order, 4);
  gateway.amend(order);
  await turns();
  expect(order).toMatchObject({ state: "accepted", sizeLots: 4, reason: "" });
  expect(told).toEqual(["amend a ended"]);
});

test("a venue without amendments is a refusal with a code", async () => {
  const { send, gateway, calls, told, turns } = setUp();
  const order = send("a");
  await calls[0]!.answer();
  beginAmend(order, 4);
  gateway.amend(order);
  await turns();
  expect(told[0]).toMatch(/^amend a ended AMEND_NOT_SUPPORTED: /);
  expect(order.state).toBe("accepted");
});

test("a cancel that the venue refuses leaves the order what it was, with the reason", async () => {
  const { send, gateway, calls, told } = setUp();
  const order = send("a");
  await calls[0]!.answer();
  beginCancel(order);
  gateway.cancel(order);
  await calls[1]!.fail(refusal("busy"));
  expect(order).toMatchObject({ state: "accepted", reason: "busy" });
  expect(told).toContain("cancel a ended busy");
});

test("each order's way is told when its call ends, answered or not, but of none that was never sent", async () => {
  const { send, calls, timed, pass, clock, gateway } = setUp({ pipeline: { requests: 1, instruments: 1 } });
  const startNs = clock.monotonicNs();
  const ns = (ms: number) => startNs + ms * 1e6;
  send("a");
  send("b");
  send("c");
  send("d");
  gateway.withdraw(send("e"));
  await pass(2);
  calls[0]!.control.onSent?.(clock.monotonicNs());
  await pass(3);
  await calls[0]!.answer();
  const a = { id: "a", triggerNs: Number.NaN, bornNs: ns(0), approvedNs: ns(0) };
  expect(timed).toEqual([{ ...a, turnNs: ns(0), sentNs: ns(2), answeredNs: ns(5) }]);
  await pass(1);
  await calls[1]!.fail(refusal("no funds"));
  expect(timed[1]).toEqual({ ...a, id: "b", turnNs: ns(5), sentNs: Number.NaN, answeredNs: ns(6) });
  await calls[2]!.fail(new OutcomeUnknownError("c", { cause: new Error("reset") }));
  await calls[3]!.fail(new NetworkError("no route", { outcome: "unsent" }));
  expect(timed.map(({ id }) => id)).toEqual(["a", "b", "c"]);
});

test("orders of a batch each have their own way to it, and its request and answer in common", async () => {
  const answer = deferred<readonly Outcome<OrderReport>[]>();
  const { send, calls, timed, turns, pass, reportOf, clock } = setUp({
    pipeline: { requests: 1, instruments: 1, batch: 3 },
    venue: {
      batchLimit: 50,
      submitMany: (_requests, control) => {
        control?.onSent?.(clock.monotonicNs());
        return answer.promise;
      },
    },
  });
  const startNs = clock.monotonicNs();
  send("a");
  send("b");
  await pass(4);
  send("c");
  await pass(1);
  await calls[0]!.answer();
  await pass(2);
  answer.resolve([
    { ok: true, value: reportOf("b") },
    { ok: true, value: reportOf("c") },
  ]);
  await turns();
  const ms = timed
    .slice(1)
    .map(({ id, approvedNs, turnNs, sentNs, answeredNs }) => [
      id,
      ...[approvedNs, turnNs, sentNs, answeredNs].map((ns) => (ns - startNs) / 1e6),
    ]);
  expect(ms).toEqual([
    ["b", 0, 5, 5, 7],
    ["c", 4, 5, 5, 7],
  ]);
});

test("an order of a batch that went out when its budget was used up is overdue", async () => {
  let control: WriteControl | undefined;
  const { send, told, pass, calls } = setUp({
    pipeline: { requests: 1, instruments: 1, batch: 3 },
    venue: {
      batchLimit: 50,
      submitMany: (_requests, given) => {
        control = given;
        return new Promise(() => {});
      },
    },
  });
  send("first");
  send("late", { maxLatencyMs: 5 });
  send("patient");
  await calls[0]!.answer();
  await pass(20); // the client's request budget, say
  expect(told).toEqual([]);
  control!.onSent!(0);
  await pass(1);
  expect(told).toEqual(["late overdue"]);
});

test("what waits goes out in batch requests where the venue has them, each order with an outcome of its own", async () => {
  const batches: string[][] = [];
  const answers: Deferred<readonly Outcome<OrderReport>[]>[] = [];
  const { send, calls, sent, told, turns, reportOf, gateway } = setUp({
    pipeline: { requests: 2, batch: 3 },
    venue: {
      batchLimit: 50,
      submitMany: (requests, control) => {
        control?.onSent?.(0);
        batches.push(requests.map(({ clientOrderId }) => clientOrderId));
        answers.push(deferred());
        return answers.at(-1)!.promise;
      },
    },
  });
  const orders = ["a", "b", "c", "d", "e", "f"].map((id) => send(id));
  expect(sent()).toEqual(["a"]); // the instrument's half
  await calls[0]!.answer();
  expect(batches).toEqual([["b", "c", "d"]]);
  answers[0]!.resolve([
    { ok: true, value: reportOf("b") },
    { ok: false, error: refusal("no funds") },
    { ok: false, error: new OutcomeUnknownError("d", { cause: new Error("reset") }) },
  ]);
  await turns();
  expect(orders.slice(0, 4).map(({ state }) => state)).toEqual(["accepted", "accepted", "rejected", "unknown"]);
  expect(batches).toEqual([
    ["b", "c", "d"],
    ["e", "f"],
  ]);
  answers[1]!.reject(new InvalidInputError("requests[0]: bad price"));
  await turns();
  expect(told.slice(-2)).toEqual(["e unsent requests[0]: bad price", "f unsent requests[0]: bad price"]);
  expect(gateway.inFlight).toBe(0);
});
