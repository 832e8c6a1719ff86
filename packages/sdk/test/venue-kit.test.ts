import { createRandom, createSystemClock } from "@pitlane/perf";
import { MetricsRegistry } from "@pitlane/perf/metrics";
import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../src/errors.ts";
import { UnreadableTokenError } from "../src/session/errors.ts";
import { conformance } from "../src/testing.ts";
import * as kit from "../src/venue-kit.ts";

const clock = createSystemClock();
const random = createRandom(1);
const events = kit.createEvents();
const endpoints = kit.endpointSet({ a: { rest: "http://127.0.0.1:1", stream: "ws://127.0.0.1:1" } });
const choice = kit.fixedEndpoint("ws://127.0.0.1:1");
const nothing = async () => {
  throw new Error("nothing is asked in this test");
};
const dialect: kit.SubscriptionDialect = {
  namesPerMessage: 1,
  pace: { messages: 1, windowMs: 1_000 },
  subscribe: () => "",
  unsubscribe: () => "",
};
const registry = new MetricsRegistry({ clock });

/** A part of the kit as callers without types reach it: arguments that it takes, and what is wrong in place of one of them. */
interface Part {
  readonly make: (...args: readonly never[]) => unknown;
  /** Of which the first is an object of options, where `wrong` names fields. */
  readonly args: readonly unknown[];
  /** Fields of the first argument, each with values that it refuses. */
  readonly wrong?: Readonly<Record<string, readonly unknown[]>>;
  /** Positions beyond the first, each with values that it refuses. */
  readonly wrongAt?: Readonly<Record<number, readonly unknown[]>>;
  /** What is legal in place of the first argument, among those that every part is given. */
  readonly takes?: readonly unknown[];
}

const CLOCKS = [null, undefined, 5, "x", {}, { monotonicNs: 5 }];
const FUNCTIONS = [null, undefined, 5, "x", {}];
const CALLBACKS = [null, 5, "x", {}];
const OBJECTS = [null, 5, "x", {}];
const TEXTS = [null, undefined, 5, {}, []];
const NUMBERS = [-1, Number.NaN, "5", {}, null];
const FLAGS = [null, 5, "x", {}];
const SIGNALS = [null, 5, "x", {}];

/** Those that are made by `new`. */
const constructed =
  (Class: new (...args: never[]) => unknown) =>
  (...args: never[]) =>
    new Class(...args);

const connection = {
  endpoints: choice,
  onOpen() {},
  onFrame() {},
  onLost() {},
  onError() {},
  clock,
  random,
} satisfies kit.ConnectionOptions;
const waiting = { clock: CLOCKS, closing: SIGNALS, outcome: [null, 5, "refused"] };

const parts: Readonly<Record<string, Part>> = {
  // Transport.
  compose: { make: kit.compose, args: [nothing, kit.classify(() => undefined)], wrongAt: { 1: FUNCTIONS } },
  deadline: { make: kit.deadline, args: [{ clock }], wrong: { clock: CLOCKS, closing: SIGNALS, timeoutMs: NUMBERS } },
  retry: {
    make: kit.retry,
    args: [{ clock, random }],
    wrong: {
      ...waiting,
      random: OBJECTS,
      events: OBJECTS,
      retries: [-1, 0.5, "5", {}],
      baseMs: [0, "5", {}],
      capMs: [0, "5", {}],
      factor: [0, "5", {}],
    },
  },
  failover: {
    make: kit.failover,
    args: [{ choice, clock }],
    wrong: {
      choice: [undefined, ...OBJECTS, { ...choice, suspect: 5 }],
      clock: CLOCKS,
      onFailure: CALLBACKS,
      suspectAfterMs: NUMBERS,
      hedgeAfterMs: NUMBERS,
    },
  },
  limit: {
    make: kit.limit,
    args: [{ budget: { tryTake: () => true, waitMs: () => 0 }, clock }],
    wrong: {
      ...waiting,
      budget: [undefined, ...OBJECTS, { tryTake() {}, waitMs() {}, observe: 5 }],
      maxWaiting: [0, "5", {}],
      usedWeightHeader: [null, 5, {}],
      isOfBudget: CALLBACKS,
      waits: OBJECTS,
      events: OBJECTS,
    },
  },
  measure: {
    make: kit.measure,
    args: [{ registry, venue: "x", clock }],
    wrong: { registry: OBJECTS, venue: TEXTS, clock: CLOCKS },
  },
  authenticate: {
    make: kit.authenticate,
    args: [{ authenticator: { prepare() {} }, clock }],
    wrong: { ...waiting, authenticator: [undefined, ...OBJECTS, { prepare() {}, recover: 5 }] },
  },
  classify: { make: kit.classify, args: [() => undefined] },
  createPools: {
    make: kit.createPools,
    args: [{ clock }],
    wrong: {
      clock: CLOCKS,
      connectTimeoutMs: [0, "5", {}],
      callTimeoutMs: [0, "5", {}],
      connections: [0, "5", {}],
      allowH2: FLAGS,
      ca: [null, 5, {}],
      lookup: CALLBACKS,
    },
  },
  HttpCall: {
    make: constructed(kit.HttpCall),
    args: [{ method: "GET", path: "/time", isRead: true }],
    wrong: {
      method: [undefined, null, 5, "get", {}],
      path: [...TEXTS, "time"],
      query: [null, 5, {}],
      headers: [null, 5, "x", { a: 5 }],
      body: [null, 5, {}],
      isRead: [undefined, ...FLAGS],
      isPrivate: FLAGS,
      weight: NUMBERS,
      priority: [null, 5, "high", {}],
      timeoutMs: [0, "5", {}],
      retries: [-1, "5", {}],
      signal: SIGNALS,
      onSent: CALLBACKS,
    },
  },
  // Regions.
  endpointSet: {
    make: kit.endpointSet,
    args: [{ a: { rest: "http://127.0.0.1:1" } }],
    wrong: { a: [null, 5, "x", { rest: null }, { rest: 5 }, { rest: [5] }, { rest: {} }, { rest: "x" }] },
  },
  fixedEndpoint: { make: kit.fixedEndpoint, args: ["http://127.0.0.1:1"], wrongAt: { 1: [null, 5, {}] } },
  httpProbe: { make: kit.httpProbe, args: [nothing, "/ping"], wrongAt: { 1: [...TEXTS, "ping"] } },
  createRegions: {
    make: kit.createRegions,
    args: [{ endpoints, clock }],
    wrong: {
      endpoints: [undefined, ...OBJECTS, new Map([["rest", 5]]), new Map([["rest", []]]), new Map([["rest", [null]]])],
      probes: [null, 5, "x", { rest: 5 }, { other: nothing }],
      probeEveryMs: [0, "5", {}],
      samples: [0, "5", {}],
      events: OBJECTS,
      clock: CLOCKS,
    },
  },
  // Streams.
  Connection: {
    make: constructed(kit.Connection),
    args: [connection],
    wrong: {
      endpoints: [undefined, ...OBJECTS],
      target: CALLBACKS,
      headers: CALLBACKS,
      onRefused: CALLBACKS,
      onOpen: FUNCTIONS,
      onFrame: FUNCTIONS,
      onLost: FUNCTIONS,
      onLeft: CALLBACKS,
      onError: FUNCTIONS,
      onTick: CALLBACKS,
      connectTimeoutMs: NUMBERS,
      silenceMs: NUMBERS,
      ping: [null, true, 5, "x", {}, { everyMs: 10, withinMs: "x" }, { everyMs: 10, withinMs: 10, quietMs: 9 }],
      keepalive: CALLBACKS,
      lifeMs: NUMBERS,
      maxFrameBytes: NUMBERS,
      closeTimeoutMs: NUMBERS,
      clock: CLOCKS,
      random: [undefined, ...OBJECTS],
      watch: CALLBACKS,
    },
  },
  keepalive: {
    make: kit.keepalive,
    args: [{ everyMs: 1_000, text: "." }],
    wrong: { everyMs: NUMBERS, text: TEXTS, isAnswer: CALLBACKS },
  },
  Subscriptions: {
    make: constructed(kit.Subscriptions),
    args: [{ dialect, onError() {}, clock }],
    wrong: {
      dialect: [
        undefined,
        ...OBJECTS,
        { ...dialect, subscribe: 5 },
        { ...dialect, namesPerMessage: 0 },
        { ...dialect, pace: null },
        { ...dialect, pace: {} },
        { ...dialect, readAnswer: 5 },
      ],
      names: [null, 5, "btcusdt@trade", {}, [5]],
      onError: FUNCTIONS,
      answerWithinMs: NUMBERS,
      clock: CLOCKS,
    },
  },
  Watchdog: {
    make: constructed(kit.Watchdog),
    args: [{ onStale() {}, clock }],
    wrong: { onStale: FUNCTIONS, clock: CLOCKS },
  },
  // Books.
  BookSync: {
    make: constructed(kit.BookSync),
    args: [{ rule: "linked", copy: (diff: unknown) => diff }],
    wrong: { rule: [undefined, null, 5, "x"], copy: FUNCTIONS, bufferLimit: NUMBERS },
  },
  DepthDiff: { make: constructed(kit.DepthDiff), args: [], wrongAt: { 1: OBJECTS } },
  // Sessions.
  createSessionManager: {
    make: kit.createSessionManager,
    args: [{ refresh: nothing, events, clock, random }],
    wrong: {
      refresh: FUNCTIONS,
      login: CALLBACKS,
      remedy: [null, 5, {}],
      tokens: [5, "x", {}],
      store: OBJECTS,
      events: [undefined, ...OBJECTS],
      refreshAheadMs: [-1, "5", {}],
      keepAlive: FLAGS,
      timesOf: CALLBACKS,
      redactor: OBJECTS,
      onStoreError: CALLBACKS,
      clock: CLOCKS,
      random: [undefined, ...OBJECTS],
    },
  },
  createLogin: {
    make: kit.createLogin,
    args: [{ begin: nothing, onOtp: nothing, finish: nothing, clock }],
    wrong: { begin: FUNCTIONS, onOtp: FUNCTIONS, finish: FUNCTIONS, otpTimeoutMs: [0, "5", {}], clock: CLOCKS },
  },
  createNonce: { make: kit.createNonce, args: [clock], wrongAt: { 1: [null, 5, "s", {}] } },
  createSigner: {
    make: kit.createSigner,
    args: [{ apiKey: "key", apiSecret: "secret" }],
    wrong: { apiKey: TEXTS, apiSecret: TEXTS },
  },
  createVenueClock: {
    make: kit.createVenueClock,
    args: [{ readServerTimeUs: nothing, events, clock }],
    wrong: {
      readServerTimeUs: FUNCTIONS,
      events: [undefined, ...OBJECTS],
      probes: [0, "5", {}],
      intervalMs: [0, "5", {}],
      tolerates: OBJECTS,
      clock: CLOCKS,
    },
  },
  CookieJar: { make: constructed(kit.CookieJar), args: [{ a: "1" }], wrong: { a: TEXTS }, takes: [{}] },
  readTokenTimes: { make: kit.readTokenTimes, args: ["e30.e30."] },
  Redactor: { make: constructed(kit.Redactor), args: [new kit.Redactor()] },
  // Batches, and the rest.
  split: { make: kit.split, args: [[1, 2], 1], wrongAt: { 1: NUMBERS } },
  checkBatch: { make: (items: never) => kit.checkBatch("orders", items, 5), args: [[1]] },
  settleAll: { make: kit.settleAll, args: [[]] },
  createEvents: { make: kit.createEvents, args: [], takes: [null, 5, "text", {}] },
  createHealthMeter: {
    make: kit.createHealthMeter,
    args: [{ venue: "x", events, clock }],
    wrong: { venue: [...TEXTS, "A B"], events: [undefined, ...OBJECTS, { emit() {} }], clock: CLOCKS },
  },
  defineVenue: {
    make: kit.defineVenue,
    args: [{ name: "x", capabilities: { market: [] }, create: () => ({}) }],
    wrong: { name: TEXTS, capabilities: [undefined, ...OBJECTS, { market: 5 }, { market: [5] }], create: FUNCTIONS },
  },
  conformance: {
    make: conformance,
    args: [{ venue: { name: "x", capabilities: { market: [] }, create() {} }, openRig: nothing }],
    wrong: { venue: [undefined, ...OBJECTS], openRig: FUNCTIONS, also: CALLBACKS },
  },
};

/** What becomes of a call, whether at once or by a promise; what was made is closed. */
async function outcomeOf(make: Part["make"], args: readonly unknown[]): Promise<unknown> {
  try {
    const made = await make(...(args as readonly never[]));
    if (typeof made === "object" && made !== null && "close" in made) await (made.close as () => unknown)();
    return "made";
  } catch (error) {
    return error;
  }
}

function expectRefused(outcome: unknown, what: string): void {
  // A token has an error of its own, which calls about tokens throw anywhere.
  const isTyped = outcome instanceof InvalidInputError || outcome instanceof UnreadableTokenError;
  expect(isTyped, `${what}: ${String(outcome)}`).toBe(true);
}

const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);

test("every factory and class of the kit is in the table below", () => {
  const made = Object.entries(kit).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
  expect([...made, "conformance"].sort()).toEqual(Object.keys(parts).sort());
});

describe.each(Object.entries(parts))("%s", (name, { make, args, wrong = {}, wrongAt = {}, takes = [] }) => {
  test("takes what its types promise", async () => {
    expect(await outcomeOf(make, args)).toBe("made");
  });

  test("refuses what is of another kind, with a typed error that names it", async () => {
    for (const first of [null, 5, "text", {}]) {
      const outcome = await outcomeOf(make, [first, ...args.slice(1)]);
      const isLegal = takes.some((one) => shown(one) === shown(first));
      if (!isLegal) expectRefused(outcome, `${name}(${shown(first)})`);
      else expect(outcome).toBe("made");
    }
    for (const [at, values] of Object.entries(wrongAt)) {
      for (const value of values) {
        const changed = [...args];
        changed[Number(at)] = value;
        const outcome = await outcomeOf(make, changed);
        if (value !== undefined || name === "compose")
          expectRefused(outcome, `${name}, argument ${at} ${shown(value)}`);
      }
    }
  });

  test("refuses options with a field that is wrong, and says which", async () => {
    for (const [field, values] of Object.entries(wrong)) {
      for (const value of values) {
        const outcome = await outcomeOf(make, [{ ...(args[0] as object), [field]: value }, ...args.slice(1)]);
        const what = `${name}({ ${field}: ${shown(value)} })`;
        if (value === null && outcome === "made") continue; // as if it was left out
        expectRefused(outcome, what);
        expect((outcome as Error).message, what).toContain(field);
      }
    }
  });
});

test("no check shows a secret", async () => {
  const secret = "hunter2hunter2";
  const outcomes = await Promise.all([
    outcomeOf(kit.createSigner, [secret]),
    outcomeOf(constructed(kit.CookieJar), [secret]),
    outcomeOf(kit.fixedEndpoint, [`ftp://me:${secret}@example.com`]),
    outcomeOf(constructed(kit.HttpCall), [{ method: "GET", path: "/x", isRead: true, body: [secret] }]),
    outcomeOf(constructed(kit.HttpCall), [{ method: "GET", path: "/x", isRead: true, headers: { cookie: [secret] } }]),
    outcomeOf(() => new kit.Redactor().set("key", secret as never), []),
  ]);
  for (const outcome of outcomes) {
    expectRefused(outcome, "a secret");
    expect(String(outcome)).not.toContain(secret);
  }
});
