import { InvalidInputError } from "@pitlane/perf";
import { ManualClock, seededRandom } from "@pitlane/perf/testing";
import { EventEmitter } from "eventemitter3";
import { describe, expect, test, vi } from "vitest";
import type { ClientEvents } from "../../src/client-events.ts";
import { NetworkError, RateLimitError, RejectedError, TimeoutError, VenueUnavailableError } from "../../src/errors.ts";
import { deadline } from "../../src/transport/deadline.ts";
import { BudgetExhaustedError } from "../../src/transport/errors.ts";
import { type RetryLayerOptions, retry } from "../../src/transport/retry.ts";
import { type CallOptions, compose, HttpCall, type HttpReply } from "../../src/transport/transport.ts";
import { rejectionOf } from "../support/rejection.ts";
import { get, post, replyOf, scripted } from "./support.ts";

const unsent = new NetworkError("refused", { outcome: "unsent" });
const unknown = new NetworkError("reset", { outcome: "unknown" });
const late = new TimeoutError("late", { outcome: "unknown" });
const unavailable = new VenueUnavailableError("503", { status: 503, venueText: "" });
const rejected = new RejectedError("no", { status: 400, venueText: "no" });
const limited = (retryAfterMs: number) => new RateLimitError("429", { status: 429, venueText: "", retryAfterMs });
const ok = replyOf(200);

function setUp(ends: readonly (HttpReply | Error)[], options: Partial<RetryLayerOptions> = {}) {
  const clock = new ManualClock();
  const events = new EventEmitter<ClientEvents>();
  const delays: number[] = [];
  events.on("retried", ({ delayMs }) => delays.push(delayMs));
  const wire = scripted(...ends);
  const layers = [deadline({ clock }), retry({ clock, random: { next: () => 1 }, events, ...options })];
  const send = compose(wire.send, ...layers);
  /** Sends, and lets every delay pass. */
  async function run(of: CallOptions): Promise<HttpReply> {
    let isDone = false;
    const sent = send(new HttpCall(of)).finally(() => {
      isDone = true;
    });
    sent.catch(() => {});
    while (!isDone) {
      await new Promise(setImmediate);
      if (clock.sleeping > 0) clock.advance({ ms: 1 });
    }
    return sent;
  }
  return { clock, events, delays, send, run, calls: wire.calls };
}

describe("what is repeated", () => {
  test.each([unsent, unknown, late, unavailable])("a read after %o", async (error) => {
    const { run, calls } = setUp([error, ok]);
    expect(await run(get)).toBe(ok);
    expect(calls).toHaveLength(2);
    expect(calls[1]).toBe(calls[0]); // one object a call
  });

  test("a write of which nothing was sent", async () => {
    const { run, calls } = setUp([unsent, unsent, ok]);
    expect(await run(post)).toBe(ok);
    expect(calls).toHaveLength(3);
  });

  test.each([unknown, late, unavailable, limited(0)])("never a write after %o", async (error) => {
    const { run, calls } = setUp([error, ok]);
    expect(await rejectionOf(run(post))).toBe(error);
    expect(calls).toHaveLength(1);
  });

  test.each([rejected, new InvalidInputError("no"), new Error("a bug")])("nothing after %o", async (error) => {
    for (const of of [get, post]) {
      const { run, calls } = setUp([error, ok]);
      expect(await rejectionOf(run(of))).toBe(error);
      expect(calls).toHaveLength(1);
    }
  });

  test("no more than `retries` times; the last error is thrown as it is", async () => {
    const { run, calls } = setUp([unknown, unknown, unsent, unavailable, ok]);
    expect(await rejectionOf(run(get))).toBe(unavailable);
    expect(calls).toHaveLength(4);
    const none = setUp([unknown, ok], { retries: 0 });
    expect(await rejectionOf(none.run(get))).toBe(unknown);
  });
});

describe("delays", () => {
  test("grow by the factor up to the cap", async () => {
    const { run, delays } = setUp([unknown, unknown, unknown, unknown, unknown, ok], { retries: 5, capMs: 1_000 });
    await run(get);
    expect(delays).toEqual([100, 200, 400, 800, 1_000]);
  });

  test("have full jitter", async () => {
    const { run, delays } = setUp([unknown, unknown, unknown, ok], { random: seededRandom(7) });
    await run(get);
    expect(delays.every((ms, i) => ms >= 0 && ms < 100 * 2 ** i)).toBe(true);
    expect(new Set(delays).size).toBe(3);
  });

  test("are as long as the venue or the budget asks for, beyond the cap too", async () => {
    const { run, delays } = setUp([limited(4_000), new BudgetExhaustedError("", { retryAfterMs: 3_000 }), ok], {
      capMs: 200,
    });
    await run(get);
    expect(delays).toEqual([4_000, 3_000]);
  });

  test("do not pass the deadline: the error is thrown at once", async () => {
    const { run, calls, clock, delays } = setUp([limited(10_000), ok]);
    expect(await rejectionOf(run(get))).toMatchObject({ code: "RATE_LIMIT" });
    expect(calls).toHaveLength(1);
    expect(clock.monotonicNs()).toBe(0);
    expect(delays).toEqual([]);
    const patient = setUp([limited(10_000), ok]);
    expect(await patient.run({ ...get, timeoutMs: 10_001 })).toBe(ok);
  });
});

test("each repeat is told, with the call, its number and why", async () => {
  const { run, events } = setUp([unknown, late, ok]);
  const told = vi.fn();
  events.on("retried", told);
  await run(get);
  expect(told.mock.calls.flat()).toEqual([
    { call: "GET /api/v3/time", attempt: 1, delayMs: 100, error: unknown },
    { call: "GET /api/v3/time", attempt: 2, delayMs: 200, error: late },
  ]);
});

describe("a delay ends", () => {
  test("when the caller aborts, and leaves no listener", async () => {
    const { send, clock, calls } = setUp([unsent, ok]);
    const stop = new AbortController();
    const remove = vi.spyOn(stop.signal, "removeEventListener");
    const sent = rejectionOf(send(new HttpCall({ ...post, signal: stop.signal })));
    await vi.waitFor(() => expect(clock.sleeping).toBe(1)); // one timer
    stop.abort(new Error("changed my mind"));
    expect(await sent).toMatchObject({ code: "ABORTED", outcome: "unsent", cause: { message: "changed my mind" } });
    expect(clock.sleeping).toBe(0);
    expect(remove).toHaveBeenCalled();
    expect(calls).toHaveLength(1);
  });

  test("when the client closes", async () => {
    const closing = new AbortController();
    const { send, clock } = setUp([unknown, ok], { closing: closing.signal });
    const sent = rejectionOf(send(new HttpCall(get)));
    await vi.waitFor(() => expect(clock.sleeping).toBe(1));
    closing.abort();
    expect(await sent).toMatchObject({ code: "ABORTED" });
    expect(clock.sleeping).toBe(0);
  });
});

test.each([{ retries: -1 }, { baseMs: 0 }, { capMs: 1 }, { factor: 0.5 }])("%o is refused", (options) => {
  expect(() => setUp([], options)).toThrow(InvalidInputError);
});
