import { InvalidInputError } from "@pitlane/perf";
import { MetricsRegistry, prometheusText } from "@pitlane/perf/metrics";
import { ManualClock } from "@pitlane/perf/testing";
import { describe, expect, test } from "vitest";
import { NetworkError, OrderNotFoundError, RejectedError } from "../../src/errors.ts";
import { classify } from "../../src/transport/classify.ts";
import { deadline } from "../../src/transport/deadline.ts";
import { measure } from "../../src/transport/measure.ts";
import { compose, HttpCall, type Layer, type Send } from "../../src/transport/transport.ts";
import { rejectionOf } from "../support/rejection.ts";
import { get, post, replyOf, scripted } from "./support.ts";

test("compose puts the first layer outermost", async () => {
  const order: string[] = [];
  const named =
    (name: string): Layer =>
    (next) =>
    (call) => {
      order.push(name);
      return next(call);
    };
  await compose(scripted(replyOf(200)).send, named("a"), named("b"), named("c"))(new HttpCall(get));
  expect(order).toEqual(["a", "b", "c"]);
});

describe("a call", () => {
  test("begins with what was asked, and defaults", () => {
    const call = new HttpCall(post);
    expect(call).toMatchObject({
      query: "",
      headers: {},
      isPrivate: false,
      weight: 1,
      priority: "read",
      sentBody: "x=1",
      sentQuery: "",
    });
    expect(call.what).toBe("POST /api/v3/order");
  });

  test.each([0, 600_001, Number.NaN])("refuses a time limit of %d ms", (timeoutMs) => {
    expect(() => new HttpCall({ ...get, timeoutMs })).toThrow(InvalidInputError);
  });

  test("forgets the marks of an attempt when another begins", () => {
    const call = new HttpCall(get);
    call.begin("http://a");
    call.abandon("down");
    call.sentNs = 5;
    call.reply = replyOf(500);
    call.begin("http://b");
    expect(call).toMatchObject({ origin: "http://b", abandonedFor: undefined, sentNs: 0, reply: undefined });
  });
});

describe("deadline", () => {
  const of = async (options: { timeoutMs?: number }, own?: number) => {
    const clock = new ManualClock();
    clock.advance({ ms: 7 });
    const call = new HttpCall(own === undefined ? get : { ...get, timeoutMs: own });
    await compose(scripted(replyOf(200)).send, deadline({ ...options, clock }))(call);
    return call.deadlineNs;
  };

  test("is ten seconds from now, the client's limit, or the call's own", async () => {
    expect(await of({})).toBe(10_007e6);
    expect(await of({ timeoutMs: 30_000 })).toBe(30_007e6);
    expect(await of({ timeoutMs: 30_000 }, 500)).toBe(507e6);
  });

  test("out of range is refused", () => {
    expect(() => deadline({ timeoutMs: 0, clock: new ManualClock() })).toThrow(InvalidInputError);
  });
});

describe("classify", () => {
  const toError: Parameters<typeof classify>[0] = (call, { status, body }) =>
    status === 404 ? new OrderNotFoundError(call.what, { status, venueText: body.toString() }) : undefined;
  const run = (status: number) => compose(scripted(replyOf(status, "gone")).send, classify(toError))(new HttpCall(get));

  test("throws what a reply means", async () => {
    expect(await rejectionOf(run(404))).toMatchObject({ code: "ORDER_NOT_FOUND", venueText: "gone" });
  });

  test("lets through what means nothing, and every success", async () => {
    for (const status of [200, 204, 299, 302, 500]) expect((await run(status)).status).toBe(status);
  });
});

describe("measure", () => {
  function setUp(wire: Send) {
    const clock = new ManualClock();
    const registry = new MetricsRegistry({ clock });
    const send = compose(wire, measure({ registry, venue: "test", clock }));
    return { clock, send, text: () => prometheusText(registry.snapshot()) };
  }

  test("counts calls by how they end, and how long they take", async () => {
    const ends = [
      replyOf(200),
      new NetworkError("", { outcome: "unsent" }),
      new RejectedError("", { status: 400, venueText: "" }),
      new Error("a bug"),
    ];
    const wire = scripted(...ends);
    const { clock, send, text } = setUp(async (call) => {
      clock.advance({ ms: 20 });
      return wire.send(call);
    });
    for (const options of [get, get, get, post]) await send(new HttpCall(options)).catch(() => {});
    const lines = text();
    expect(lines).toContain('http_calls_total{venue="test",call="GET /api/v3/time",outcome="ok"} 1');
    expect(lines).toContain('http_calls_total{venue="test",call="GET /api/v3/time",outcome="unsent"} 1');
    expect(lines).toContain('http_calls_total{venue="test",call="GET /api/v3/time",outcome="refused"} 1');
    expect(lines).toContain('http_calls_total{venue="test",call="POST /api/v3/order",outcome="other"} 1');
    expect(lines).toContain('http_call_seconds_count{venue="test",call="GET /api/v3/time"} 3');
    expect(Number(/http_call_seconds_sum\{venue="test",call="POST \S+"\} (\S+)/.exec(lines)?.[1])).toBeCloseTo(0.02, 4);
  });

  test("holds a bounded number of calls; the rest is counted together", async () => {
    const { send, text } = setUp(async () => replyOf(200));
    for (let i = 0; i < 150; i++) await send(new HttpCall({ ...get, path: `/order/${i}` }));
    expect(text().match(/http_call_seconds_count/g)).toHaveLength(101);
    expect(text()).toContain('http_call_seconds_count{overflow="true"} 50');
  });

  test("without a registry is not there at all", () => {
    const { send } = scripted();
    expect(compose(send, measure({ venue: "test", clock: new ManualClock() }))).toBe(send);
  });
});
