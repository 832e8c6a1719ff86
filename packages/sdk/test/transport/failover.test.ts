import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { ManualClock, seededRandom } from "@pitlane/perf/testing";
import { EventEmitter } from "eventemitter3";
import { describe, expect, test, vi } from "vitest";
import type { ClientEvents } from "../../src/client-events.ts";
import { AuthError, RejectedError, TimeoutError, VenueUnavailableError } from "../../src/errors.ts";
import { endpointSet } from "../../src/region/endpoint-set.ts";
import { type Endpoint, type EndpointChoice, fixedEndpoint } from "../../src/region/endpoints.ts";
import { httpProbe } from "../../src/region/prober.ts";
import { createRegions } from "../../src/region/regions.ts";
import { classify } from "../../src/transport/classify.ts";
import { deadline } from "../../src/transport/deadline.ts";
import { type FailoverOptions, failover } from "../../src/transport/failover.ts";
import { retry } from "../../src/transport/retry.ts";
import { type CallOptions, compose, HttpCall, type HttpReply, type Send } from "../../src/transport/transport.ts";
import { FakeVenue } from "../support/fake-venue.ts";
import { rejectionOf } from "../support/rejection.ts";
import { clock, closing, createTestPools, deadOrigin, get, post, rawServer, textOf } from "./support.ts";

type Mood = "well" | "slow" | "silent" | "reset" | "mid-answer" | "503";

/** A region whose server does what the test says. It remembers every request that reached it. */
async function createRegion(name: string) {
  const region = {
    name,
    mood: "well" as Mood,
    held: [] as ServerResponse[], // of calls; a probe that is not answered is of no interest
    venue: undefined as unknown as FakeVenue,
    /** Calls that were answered or not, without the probes. */
    requests: () => region.venue.requests.filter(({ path }) => path !== "/ping"),
  };
  const answer: Record<Mood, (response: ServerResponse, socket: Socket, path: string) => unknown> = {
    well: (response) => response.end(name),
    slow: (response, _, path) => (path === "/ping" ? response.end() : region.held.push(response)),
    silent: (response, _, path) => path !== "/ping" && region.held.push(response),
    reset: (_, socket) => socket.resetAndDestroy(),
    "mid-answer": (response, socket) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => socket.destroy());
    },
    "503": (response) => response.writeHead(503).end(),
  };
  region.venue = await FakeVenue.create({
    onRequest: ({ path }, response, socket) => answer[region.mood](response, socket, path),
  });
  closing(() => region.venue.close());
  return region;
}

async function setUp(
  options: Partial<FailoverOptions> & { isProbed?: boolean; retries?: number; probeEveryMs?: number } = {},
) {
  const { isProbed = true, retries = 0, probeEveryMs = 60_000, ...own } = options;
  const [one, two] = [await createRegion("one"), await createRegion("two")];
  const events = new EventEmitter<ClientEvents>();
  const log: string[] = [];
  events.on("endpointDown", ({ region }) => log.push(`${region} down`));
  events.on("endpointUp", ({ region }) => log.push(`${region} up`));
  events.on("regionChanged", ({ from, to }) => log.push(`${from} -> ${to}`));
  const probe = httpProbe(createTestPools().send, "/ping");
  const regions = createRegions({
    endpoints: endpointSet({ one: { rest: one.venue.urls.rest }, two: { rest: two.venue.urls.rest } }),
    probes: isProbed ? { rest: probe } : {},
    probeEveryMs,
    events,
    clock,
  });
  closing(() => regions.close());
  const send = stack(regions.service("rest"), retries, own);
  /** The first call, and the first round of probes that it begins. */
  async function warmUp(): Promise<void> {
    await send(get);
    await vi.waitFor(() => {
      for (const { venue } of [one, two]) expect(venue.requests.map(({ path }) => path)).toContain("/ping");
    });
    one.venue.requests.length = 0;
    two.venue.requests.length = 0;
  }
  return { one, two, log, regions, send, warmUp };
}

function stack(choice: EndpointChoice, retries: number, options: Partial<FailoverOptions>) {
  const send = compose(
    createTestPools().send,
    deadline({ clock }),
    retry({ retries, random: seededRandom(), clock }),
    failover({ choice, clock, ...options }),
    classify((call, { status }) =>
      status >= 500
        ? new VenueUnavailableError(call.what, { status, venueText: "" })
        : new RejectedError(call.what, { status, venueText: "" }),
    ),
  );
  return (of: CallOptions) => send(new HttpCall(of));
}

describe("a read", () => {
  test.each(["reset", "mid-answer", "503"] as const)(
    "that fails (%s) is answered by another region at once",
    async (mood) => {
      const { one, two, send } = await setUp();
      one.mood = mood;
      expect(textOf(await send(get))).toBe("two");
      expect([one.requests().length, two.requests().length]).toEqual([1, 1]);
    },
  );

  test("at a silent region is moved as soon as that is found out", async () => {
    const { one, two, send, log, warmUp } = await setUp({ suspectAfterMs: 50 });
    await warmUp();
    one.mood = "silent";
    const replies = await Promise.all([send(get), send(get), send(get)]);
    expect(replies.map(textOf)).toEqual(["two", "two", "two"]);
    expect(log.slice(0, 2)).toEqual(["one down", "one -> two"]);
    expect(one.requests()).toHaveLength(3);
    await send(get);
    expect(one.requests()).toHaveLength(3); // nobody goes there any more
    expect(two.requests()).toHaveLength(4);
  });

  test("at a region that is only slow stays there", async () => {
    const { one, send, log, warmUp } = await setUp({ suspectAfterMs: 20 });
    await warmUp();
    one.mood = "slow";
    const slow = send(get);
    await vi.waitFor(() => expect(one.venue.requests.map(({ path }) => path)).toContain("/ping")); // the suspicion
    one.held[0]?.end("late");
    expect(textOf(await slow)).toBe("late");
    expect(log).toEqual([]);
  });

  test("goes to each region once, and fails with the last one's error", async () => {
    const { one, two, send } = await setUp({ isProbed: false });
    one.mood = two.mood = "503";
    expect(await rejectionOf(send(get))).toBeInstanceOf(VenueUnavailableError);
    expect([one.requests().length, two.requests().length]).toEqual([1, 1]);
  });

  test("is begun anew by retry", async () => {
    const { one, two, send } = await setUp({ retries: 1, isProbed: false });
    one.mood = two.mood = "503";
    await rejectionOf(send(get));
    expect([one.requests().length, two.requests().length]).toEqual([2, 2]);
  });

  test("that the venue refuses, or the caller ends, stays where it is", async () => {
    const { one, two, send } = await setUp();
    one.mood = "slow";
    const stop = new AbortController();
    const refused = rejectionOf(send(get));
    const aborted = rejectionOf(send({ ...get, signal: stop.signal }));
    const hurried = rejectionOf(send({ ...get, timeoutMs: 290 }));
    await vi.waitFor(() => expect(one.held).toHaveLength(3));
    stop.abort();
    expect((await aborted).message).toContain("aborted");
    expect(await hurried).toMatchObject({ code: "TIMEOUT" });
    for (const response of one.held) if (!response.destroyed) response.writeHead(400).end();
    expect(await refused).toMatchObject({ code: "REJECTED_BY_VENUE" });
    expect(two.requests()).toHaveLength(0);
  });
});

describe("a write", () => {
  test.each(["reset", "mid-answer", "503"] as const)(
    "that may have reached a region (%s) is never sent to another",
    async (mood) => {
      const { one, two, send } = await setUp({ retries: 3 });
      one.mood = mood;
      expect(await rejectionOf(send(post))).toMatchObject({ outcome: "unknown" });
      expect([one.requests().length, two.requests().length]).toEqual([1, 0]);
    },
  );

  test("on its way to a region that goes silent waits for its own answer, while reads leave", async () => {
    const { one, two, send, log, warmUp } = await setUp({ suspectAfterMs: 50 });
    await warmUp();
    one.mood = "silent";
    const written = send(post);
    await vi.waitFor(() => expect(one.requests()).toHaveLength(1));
    const held = one.held[0];
    expect(textOf(await send(get))).toBe("two");
    expect(log).toContain("one down");
    held?.end("accepted after all");
    expect(textOf(await written)).toBe("accepted after all");
    expect(two.requests().map(({ method }) => method)).toEqual(["GET"]);
  });

  test("that nobody listened to goes to another region", async () => {
    const two = await createRegion("two");
    const dead: Endpoint = { region: "one", url: await deadOrigin() };
    const regions = createRegions({
      endpoints: endpointSet({ one: { rest: dead.url }, two: { rest: two.venue.urls.rest } }),
      clock,
    });
    const send = stack(regions.service("rest"), 0, {});
    expect(textOf(await send(post))).toBe("two");
    expect(two.requests()).toHaveLength(1);
  });

  test("that still waits for its connection leaves a region that goes down, and is sent once", async () => {
    const two = await createRegion("two");
    // A TLS server that never shakes hands: no byte of a request can leave.
    const { origin } = await rawServer(() => {});
    const regions = createRegions({
      endpoints: endpointSet({ one: { rest: origin.replace("http:", "https:") }, two: { rest: two.venue.urls.rest } }),
      probes: { rest: httpProbe(createTestPools().send, "/ping") },
      probeTimeoutMs: 100,
      clock,
    });
    closing(() => regions.close());
    const send = stack(regions.service("rest"), 0, { suspectAfterMs: 20 });
    expect(textOf(await send(post))).toBe("two");
    expect(two.requests()).toHaveLength(1);
  });
});

describe("under load", () => {
  test.each(["silent", "reset"] as const)(
    "a region that dies (%s) costs no read, and no write is sent twice",
    async (mood) => {
      const { one, two, send, log } = await setUp({ suspectAfterMs: 50, retries: 3 });
      let isRunning = true;
      let id = 0;
      const lost: unknown[] = [];
      const ended: string[] = [];
      const reader = async () => {
        while (isRunning) ended.push(textOf(await send(get)));
      };
      const writer = async () => {
        while (isRunning) {
          const own = { ...post, body: `id=${id++}`, timeoutMs: 1_000 };
          await send(own).catch((error) => lost.push(error));
        }
      };
      const all = Promise.all([reader(), reader(), reader(), reader(), writer(), writer()]);
      await vi.waitFor(() => expect(ended.length).toBeGreaterThan(50));
      one.mood = mood;
      await vi.waitFor(() => expect(two.requests().length).toBeGreaterThan(50));
      isRunning = false;
      await all; // every read was answered
      const ids = [...one.requests(), ...two.requests()].flatMap(({ params }) => params.get("id") ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBe(id);
      for (const error of lost) expect(error).toMatchObject({ outcome: "unknown" });
      expect(log[0]).toBe("one down");
    },
  );

  test("a region that recovers is found out, and takes over when the other one dies", async () => {
    const { one, two, send, log } = await setUp({ suspectAfterMs: 50, retries: 3 });
    await send(get);
    one.mood = "silent";
    expect(textOf(await send(get))).toBe("two");
    one.mood = "well";
    await vi.waitFor(() => expect(log).toContain("one up"));
    two.mood = "reset";
    expect(textOf(await send(get))).toBe("one");
    await vi.waitFor(() => expect(log).toContain("two -> one"));
  });
});

describe("hedging", () => {
  test("asks a second region when the first is late; the first answer counts and the other is dropped", async () => {
    const { one, two, send, log } = await setUp({ hedgeAfterMs: 20, isProbed: false });
    one.mood = "silent";
    expect(textOf(await send(get))).toBe("two");
    expect([one.requests().length, two.requests().length]).toEqual([1, 1]);
    await vi.waitFor(() => expect(one.held[0]?.destroyed || one.held[0]?.socket?.destroyed).toBe(true));
    expect(log).toEqual([]);
  });

  test("leaves a read alone that is answered in time", async () => {
    const { two, send } = await setUp({ hedgeAfterMs: 10_000, isProbed: false });
    for (let i = 0; i < 5; i++) expect(textOf(await send(get))).toBe("one");
    expect(two.requests()).toHaveLength(0);
  });

  test("never sends a write twice", async () => {
    const { one, two, send } = await setUp({ hedgeAfterMs: 20, isProbed: false });
    one.mood = "silent";
    expect(await rejectionOf(send({ ...post, timeoutMs: 300 }))).toMatchObject({ code: "TIMEOUT" });
    expect(two.requests()).toHaveLength(0);
  });

  test("fails with the first one's error when both fail, and moves on when the first fails at once", async () => {
    const { one, two, send, regions } = await setUp({ hedgeAfterMs: 20, isProbed: false });
    one.mood = "reset";
    expect(textOf(await send(get))).toBe("two");
    one.mood = "silent";
    two.mood = "503";
    const before = regions.status("rest").map(({ errorRate }) => errorRate);
    const sent = rejectionOf(send(get));
    await vi.waitFor(() => expect(one.held).toHaveLength(1));
    one.held[0]?.writeHead(502).end();
    expect(await sent).toMatchObject({ code: "VENUE_UNAVAILABLE" });
    regions.status("rest").forEach(({ errorRate }, i) => {
      expect(errorRate).toBeGreaterThan(before[i] as number); // both failures are known
    });
  });
});

describe("what the choice is told", () => {
  function listening(
    end: HttpReply | Error,
    marks: Partial<HttpCall> = { wire: { abandon() {} } },
    time: FailoverOptions["clock"] = clock,
    onSend = () => {},
  ) {
    const told: string[] = [];
    const choice: EndpointChoice = {
      ...fixedEndpoint("http://a.test"),
      succeeded: () => told.push("succeeded"),
      failed: () => told.push("failed"),
    };
    const wire: Send = async (call) => {
      onSend();
      Object.assign(call, marks, end instanceof Error && !(end instanceof AuthError) ? {} : { reply: { status: 200 } });
      if (end instanceof Error) throw end;
      return end;
    };
    return { told, send: compose(wire, failover({ choice, clock: time })) };
  }
  const unavailable = new VenueUnavailableError("", { status: 503, venueText: "" });

  test.each([
    ["an answer", { status: 200, headers: {}, body: Buffer.alloc(0) }, "succeeded"],
    ["a refusal", new AuthError("", { status: 401, venueText: "" }), "succeeded"],
    ["a gateway's error", unavailable, "failed"],
    ["a bug", new Error("a bug"), undefined],
  ] as const)("%s", async (_, end, expected) => {
    const { told, send } = listening(end);
    await send(new HttpCall(get)).catch(() => {});
    expect(told).toEqual(expected === undefined ? [] : [expected]);
  });

  test.each([
    [299, []],
    [300, ["failed"]],
  ])("of a call that timed out after %i ms: %j, as a caller in a hurry says nothing", async (ms, expected) => {
    const manual = new ManualClock();
    const late = new TimeoutError("", { outcome: "unknown" });
    const { told, send } = listening(late, { wire: { abandon() {} } }, manual, () => manual.advance({ ms }));
    await rejectionOf(send(new HttpCall(get)));
    expect(told).toEqual(expected);
  });

  test("nothing, of an attempt that never reached the network edge or that we gave up", async () => {
    for (const marks of [{}, { wire: { abandon() {} }, abandonedFor: "down" }]) {
      const { told, send } = listening(unavailable, marks);
      await rejectionOf(send(new HttpCall(get)));
      expect(told).toEqual([]);
    }
  });
});
