import { ManualClock } from "@pitlane/perf/testing";
import { describe, expect, test } from "vitest";
import { InvalidInputError, TimeoutError } from "../../src/index.ts";
import { Subscriptions } from "../../src/kit/streams.ts";
import type { Link } from "../../src/stream/link.ts";
import type { SubscriptionDialect } from "../../src/stream/subscriptions.ts";
import { rejectionOf } from "../support/rejection.ts";

interface Message {
  readonly id: number;
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

/** Requests as JSON; an answer is `{"ok": id}` or `{"no": id}`. */
const answered: SubscriptionDialect = {
  namesPerMessage: 2,
  pace: { messages: 2, windowMs: 1_000 },
  subscribe: (add, id) => JSON.stringify({ id, add }),
  unsubscribe: (drop, id) => JSON.stringify({ id, drop }),
  readAnswer: (data) => {
    const { ok, no } = JSON.parse(data.toString()) as { ok?: number; no?: number };
    if (ok !== undefined) return { id: ok, error: undefined };
    return no === undefined ? undefined : { id: no, error: new Error(`no to ${no}`) };
  },
};

/** Axiom's way: one room a message, and no answer. */
const unanswered: SubscriptionDialect = {
  namesPerMessage: 1,
  pace: { messages: 3, windowMs: 1_000 },
  subscribe: ([room]) => `join ${room}`,
  unsubscribe: ([room]) => `leave ${room}`,
};

class FakeLink implements Link {
  readonly endpoint = { region: "r", url: "ws://r" };
  isCurrent = true;
  isReady = false;
  readonly sent: string[] = [];
  readonly drops: string[] = [];

  get messages(): readonly Message[] {
    return this.sent.map((text) => JSON.parse(text) as Message);
  }

  trySend(text: string): boolean {
    this.sent.push(text);
    return true;
  }

  ready(): void {
    this.isReady = true;
  }

  drop(reason: string): void {
    this.drops.push(reason);
  }
}

function setUp({ dialect = answered, names = ["a", "b", "c"] as readonly string[] } = {}) {
  const clock = new ManualClock();
  const errors: Error[] = [];
  const subscriptions = new Subscriptions({ dialect, names, onError: (error) => errors.push(error), clock });
  const link = new FakeLink();
  const answer = (reply: object, to: Link = link) => subscriptions.tryAnswer(Buffer.from(JSON.stringify(reply)), to);
  return { clock, errors, subscriptions, link, answer };
}

describe("after an open", () => {
  test("everything is asked for in batches, and the link is ready when all of it is confirmed", () => {
    const { subscriptions, link, answer } = setUp();
    subscriptions.opened(link);
    expect(link.messages).toEqual([
      { id: 1, add: ["a", "b"] },
      { id: 2, add: ["c"] },
    ]);
    expect(answer({ ok: 2 })).toBe(true);
    expect([link.isReady, subscriptions.isConfirmed("c"), subscriptions.isConfirmed("a")]).toEqual([
      false,
      true,
      false,
    ]);
    answer({ ok: 1 });
    expect(link.isReady).toBe(true);
  });

  test("what the URL named is not asked for again", () => {
    const { subscriptions, link } = setUp();
    subscriptions.opened(link, ["a", "b", "c"]);
    expect([link.sent, link.isReady]).toEqual([[], true]);
  });

  test("no more messages go out in any second than the venue takes", () => {
    const { subscriptions, link, clock } = setUp({ names: ["a", "b", "c", "d", "e", "f", "g"] });
    subscriptions.opened(link);
    const times: number[] = [];
    for (let ms = 0; ms <= 2_500; ms += 50) {
      subscriptions.check();
      while (times.length < link.sent.length) times.push(ms);
      clock.advance({ ms: 50 });
    }
    expect(times).toEqual([0, 0, 1_000, 1_000]);
  });

  test("a socket that was lost in the middle is forgotten, and the next one asked for everything", () => {
    const { subscriptions, link, answer } = setUp();
    subscriptions.opened(link);
    answer({ ok: 1 });
    subscriptions.lost(link);
    expect(subscriptions.isConfirmed("a")).toBe(false);
    answer({ ok: 2 }); // came too late to matter
    const next = new FakeLink();
    subscriptions.opened(next);
    expect(next.messages.map(({ add }) => add)).toEqual([["a", "b"], ["c"]]);
    expect(next.isReady).toBe(false);
  });

  test("a successor is subscribed while the one before it still serves", () => {
    const { subscriptions, link, answer } = setUp({ names: ["a"] });
    subscriptions.opened(link);
    answer({ ok: 1 });
    const successor = new FakeLink();
    successor.isCurrent = false;
    subscriptions.opened(successor);
    subscriptions.add(["z"]);
    expect([link.messages.at(-1), successor.messages.at(-1)]).toEqual([
      { id: 3, add: ["z"] },
      { id: 4, add: ["z"] },
    ]);
    answer({ ok: 2 }, successor);
    expect(successor.isReady).toBe(false);
    answer({ ok: 4 }, successor);
    expect(successor.isReady).toBe(true);
  });
});

describe("what is wanted", () => {
  test("can grow and shrink while the socket is open", () => {
    const { subscriptions, link, answer, clock } = setUp({ names: ["a"] });
    subscriptions.opened(link);
    answer({ ok: 1 });
    subscriptions.add(["b", "a"]);
    answer({ ok: 2 });
    clock.advance({ ms: 1_000 });
    subscriptions.remove(["a"]);
    expect(link.messages.slice(1)).toEqual([
      { id: 2, add: ["b"] },
      { id: 3, drop: ["a"] },
    ]);
    expect([...subscriptions.wanted]).toEqual(["b"]);
    answer({ ok: 3 });
    expect(subscriptions.isConfirmed("a")).toBe(false);
  });

  test("and is wanted again while it is being left is asked for after the answer", () => {
    const { subscriptions, link, answer, clock } = setUp({ names: ["a"] });
    subscriptions.opened(link);
    answer({ ok: 1 });
    subscriptions.remove(["a"]);
    subscriptions.add(["a"]);
    expect(link.messages.at(-1)).toEqual({ id: 2, drop: ["a"] });
    clock.advance({ ms: 1_000 });
    answer({ ok: 2 });
    expect(link.messages.at(-1)).toEqual({ id: 3, add: ["a"] });
  });

  test("can be asked for anew: left, and joined again", () => {
    const { subscriptions, link, answer, clock } = setUp({ names: ["a", "b"] });
    subscriptions.opened(link, ["a", "b"]);
    subscriptions.refresh(["b", "unknown"]);
    expect(link.messages).toEqual([{ id: 1, drop: ["b"] }]);
    answer({ ok: 1 });
    expect(link.messages.at(-1)).toEqual({ id: 2, add: ["b"] });
    clock.advance({ ms: 1_000 });
    answer({ ok: 2 });
    expect(subscriptions.isConfirmed("b")).toBe(true);
  });

  test("is settled when it is confirmed, at once or later; a close ends the waiting", async () => {
    const { subscriptions, link, answer } = setUp({ names: ["a"] });
    let isSettled = false;
    const settled = subscriptions.whenSettled().then(() => {
      isSettled = true;
    });
    subscriptions.opened(link);
    await Promise.resolve();
    expect(isSettled).toBe(false);
    answer({ ok: 1 });
    await settled;
    await subscriptions.whenSettled();
    subscriptions.add(["b"]);
    const waiting = subscriptions.whenSettled();
    subscriptions.close();
    expect((await rejectionOf(waiting)).message).toBe("the stream was closed before its subscriptions were confirmed");
  });
});

describe("a request", () => {
  test("without an answer is an error and sent again, twice; then its socket is given up", () => {
    const { subscriptions, link, errors, clock } = setUp({ names: ["a", "b"] });
    subscriptions.opened(link);
    for (let seconds = 1; seconds <= 14; seconds++) {
      clock.advance({ ms: 1_000 });
      subscriptions.check();
    }
    expect(link.messages).toEqual([
      { id: 1, add: ["a", "b"] },
      { id: 2, add: ["a", "b"] },
      { id: 3, add: ["a", "b"] },
    ]);
    expect([errors.length, link.drops]).toEqual([2, []]);
    expect(errors[0]).toBeInstanceOf(TimeoutError);
    expect(errors[0]?.message).toBe("subscribing to a and 1 more got no answer in 5000 ms");
    clock.advance({ ms: 1_000 });
    subscriptions.check();
    expect(link.drops).toEqual(["subscribing to a and 1 more got no answer in 5000 ms"]);
  });

  test("whose repetition was answered is settled; the late answer to the first is of no use", () => {
    const { subscriptions, link, answer, clock } = setUp({ names: ["a"] });
    subscriptions.opened(link);
    clock.advance({ ms: 5_000 });
    subscriptions.check();
    expect(answer({ ok: 1 })).toBe(true);
    expect(link.isReady).toBe(false);
    answer({ ok: 2 });
    expect(link.isReady).toBe(true);
  });

  test("that is refused is told, and not sent again on this socket; the link is ready without it", () => {
    const { subscriptions, link, answer, errors, clock } = setUp();
    subscriptions.opened(link);
    answer({ no: 1 });
    answer({ ok: 2 });
    clock.advance({ ms: 10_000 });
    subscriptions.check();
    expect([errors.map(({ message }) => message), link.sent.length, link.isReady]).toEqual([["no to 1"], 2, true]);
    const next = new FakeLink();
    subscriptions.opened(next);
    expect(next.messages[0]?.add).toEqual(["a", "b"]);
  });
});

test("where nothing is answered, what was sent counts", () => {
  const { subscriptions, link, clock } = setUp({ dialect: unanswered, names: ["x", "y"] });
  subscriptions.opened(link);
  expect([link.sent, link.isReady]).toEqual([["join x", "join y"], true]);
  subscriptions.remove(["x"]);
  subscriptions.add(["z"]);
  expect(link.sent).toEqual(["join x", "join y", "leave x"]);
  clock.advance({ ms: 1_000 });
  subscriptions.check();
  expect(link.sent.at(-1)).toBe("join z");
  expect(subscriptions.tryAnswer(Buffer.from("{}"), link)).toBe(false);
});

test("a frame that is no answer is left to others", () => {
  const { subscriptions, link, answer } = setUp();
  subscriptions.opened(link);
  expect(answer({ stream: "a" })).toBe(false);
});

test("an option out of range is refused", () => {
  const open = () =>
    new Subscriptions({ dialect: answered, onError: () => {}, answerWithinMs: 1, clock: new ManualClock() });
  expect(open).toThrow(InvalidInputError);
  expect(open).toThrow("answerWithinMs");
});
