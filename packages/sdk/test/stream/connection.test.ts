import { createSystemClock } from "@pitlane/perf";
import { ManualClock, seededRandom } from "@pitlane/perf/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AuthError, InvalidInputError, NetworkError, RateLimitError } from "../../src/index.ts";
import { Connection } from "../../src/kit/streams.ts";
import { fixedEndpoint } from "../../src/region/endpoints.ts";
import type { ConnectionOptions } from "../../src/stream/connection.ts";
import { keepalive } from "../../src/stream/keepalive.ts";
import type { Link } from "../../src/stream/link.ts";
import { createSilentServer, FakeVenue, type FakeVenueOptions, TestChoice } from "../support/fake-venue.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

async function fakeVenue(options: FakeVenueOptions = {}): Promise<FakeVenue> {
  const venue = await FakeVenue.create(options);
  closers.push(() => venue.close());
  return venue;
}

/** A connection whose callbacks write down what they are told; it is ready as soon as it is open. */
function connect(options: Partial<ConnectionOptions> & Pick<ConnectionOptions, "endpoints">) {
  const seen: string[] = [];
  const errors: Error[] = [];
  const links: Link[] = [];
  const connection = new Connection({
    onOpen: (link) => {
      seen.push("open");
      links.push(link);
      link.ready();
    },
    onFrame: (data) => seen.push(data.toString("utf8")),
    onLost: (reason) => seen.push(`lost: ${reason}`),
    onLeft: () => seen.push("left"),
    onError: (error) => errors.push(error),
    clock: createSystemClock(),
    random: { next: () => 0 }, // no waiting between attempts
    ...options,
  });
  closers.push(() => connection.close());
  return { connection, seen, errors, links };
}

async function setUp(venueOptions: FakeVenueOptions = {}, options: Partial<ConnectionOptions> = {}) {
  const venue = await fakeVenue(venueOptions);
  return { venue, ...connect({ endpoints: fixedEndpoint(venue.urls.stream), ...options }) };
}

/** The host's times; waits are noted, and over at once. */
function notingClock(waits: number[]) {
  const clock = createSystemClock();
  return {
    nowUs: () => clock.nowUs(),
    monotonicNs: () => clock.monotonicNs(),
    sleep: async (ms: number) => void waits.push(ms),
  };
}

describe("frames", () => {
  test("are delivered in order, after the open", async () => {
    const { seen } = await setUp({
      onSocket: (socket) => {
        for (const text of ["1", "zwei", "３"]) socket.send(text);
      },
    });
    await vi.waitFor(() => expect(seen).toEqual(["open", "1", "zwei", "３"]));
  });

  test("have the time at which they came, by both clocks", async () => {
    const times: number[] = [];
    const clock = createSystemClock();
    const started = [clock.nowUs(), clock.monotonicNs()] as const;
    const onFrame: ConnectionOptions["onFrame"] = (_data, isBinary, receivedAtUs, receivedNs) =>
      times.push(receivedAtUs, receivedNs, Number(isBinary));
    await setUp({ onSocket: (socket) => socket.send("x") }, { clock, onFrame });
    await vi.waitFor(() => expect(times).toHaveLength(3));
    const ended = [clock.nowUs(), clock.monotonicNs()] as const;
    expect(times[0]).toBeGreaterThanOrEqual(started[0]);
    expect(times[0]).toBeLessThanOrEqual(ended[0]);
    expect(times[1]).toBeGreaterThanOrEqual(started[1]);
    expect(times[1]).toBeLessThanOrEqual(ended[1]);
    expect([Number.isInteger(times[0]), times[2]]).toEqual([true, 0]);
  });

  test("of other than UTF-8 are delivered too: who reads them judges, and the socket stays", async () => {
    const got: Buffer[] = [];
    const { seen, venue } = await setUp({}, { onFrame: (data) => got.push(Buffer.from(data)) });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    venue.socket.send(Buffer.from([0x61, 0xff, 0xfe]), { binary: false });
    venue.socket.send("after it");
    await vi.waitFor(() => expect(got.map((data) => data.toString("latin1"))).toEqual(["aÿþ", "after it"]));
  });

  test("that are too large end the socket", async () => {
    const { seen, errors } = await setUp(
      { onSocket: (socket) => socket.send("x".repeat(101)) },
      {
        maxFrameBytes: 100,
        clock: { ...notingClock([]), sleep: () => new Promise(() => {}) },
        random: { next: () => 1 },
      },
    );
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(seen).toEqual(["open", "lost: a message has more than 100 bytes"]);
  });
});

describe("a lost socket", () => {
  test("is told once, with the venue's words, and replaced", async () => {
    const { venue, seen, errors } = await setUp();
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    venue.socket.close(1008, "Too many requests");
    await vi.waitFor(() =>
      expect(seen).toEqual(["open", "lost: closed by the venue (1008 Too many requests)", "open"]),
    );
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(NetworkError);
    expect(errors[0]?.message).toMatch(/^127\.0\.0\.1:\d+ was lost: closed by the venue/);
  });

  test("that dies without a close frame is replaced too", async () => {
    const { venue, seen } = await setUp();
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    venue.socket.terminate();
    await vi.waitFor(() => expect(seen).toEqual(["open", "lost: cut off", "open"]));
  });

  test("that was dropped does not come back before it is told to", async () => {
    const waits: number[] = [];
    const { links, seen } = await setUp({}, { clock: notingClock(waits), random: seededRandom(1) });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    links[0]?.drop("the venue said so", 7_000);
    await vi.waitFor(() => expect(seen).toEqual(["open", "lost: the venue said so", "open"]));
    expect(waits).toEqual([7_000]);
  });

  test("that was dropped in onOpen already is dialled anew", async () => {
    let opens = 0;
    const { seen } = await setUp(
      {},
      {
        onOpen: (link) => {
          opens++;
          if (opens === 1) link.drop("not this one");
        },
      },
    );
    await vi.waitFor(() => expect(opens).toBe(2));
    expect(seen).toEqual(["lost: not this one"]);
  });
});

describe("attempts", () => {
  test("that fail are errors but no losses, and the next one comes", async () => {
    const { venue, connection, seen, errors } = await setUp();
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    await venue.close();
    await vi.waitFor(() => expect(errors.length).toBeGreaterThanOrEqual(3));
    expect(seen).toHaveLength(2);
    expect(errors[2]?.message).toMatch(/could not be connected: connect ECONNREFUSED/);
    expect(errors[2]).toMatchObject({ outcome: "unsent" });
    await connection.close();
  });

  test("wait longer each time", async () => {
    const waits: number[] = [];
    const { connection, errors } = connect({
      endpoints: fixedEndpoint("ws://127.0.0.1:1"),
      clock: notingClock(waits),
      random: { next: () => 0.999 },
    });
    await vi.waitFor(() => expect(errors.length).toBeGreaterThanOrEqual(9));
    await connection.close();
    expect(waits.slice(0, 9).map(Math.round)).toEqual([250, 500, 999, 1_998, 3_996, 7_992, 15_984, 29_970, 29_970]);
  });

  test("ask for path, query and headers each time", async () => {
    let attempt = 0;
    const { venue, seen } = await setUp(
      {},
      {
        target: () => `/stream?streams=${attempt}`,
        headers: async () => ({ cookie: `token=${++attempt}` }),
      },
    );
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    venue.socket.terminate();
    await vi.waitFor(() => expect(venue.sockets).toHaveLength(2));
    expect(venue.socketUrls).toEqual(["/stream?streams=1", "/stream?streams=2"]);
    expect(venue.handshakes.map(({ cookie }) => cookie)).toEqual(["token=1", "token=2"]);
  });

  test("whose headers cannot be made fail with that error, and are made again", async () => {
    let isThere = false;
    const lost = new NetworkError("no session", { outcome: "unsent" });
    const { seen, errors } = await setUp(
      {},
      {
        headers: () => {
          if (isThere) return {};
          isThere = true;
          throw lost;
        },
      },
    );
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    expect(errors).toEqual([lost]);
  });

  test("that take too long are given up", async () => {
    const silent = await createSilentServer();
    closers.push(() => silent.close());
    const { errors } = connect({
      endpoints: fixedEndpoint(silent.url),
      connectTimeoutMs: 30,
      clock: { ...notingClock([]), sleep: () => new Promise(() => {}) },
    });
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(errors[0]?.message).toMatch(/could not be connected: it took more than 30 ms$/);
  });
});

describe("a refused handshake", () => {
  test("is tried again at once when the credentials were renewed", async () => {
    const waits: number[] = [];
    const asked: number[] = [];
    let token = "old";
    const { seen, errors, venue } = await setUp(
      { refuse: ({ headers }) => (headers["cookie"] === "new" ? undefined : 401) },
      {
        clock: notingClock(waits),
        headers: () => ({ cookie: token }),
        onRefused: async (status) => {
          asked.push(status);
          token = "new";
          return true;
        },
      },
    );
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    expect([asked, errors, waits]).toEqual([[401], [], []]);
    expect(venue.handshakes).toHaveLength(2);
  });

  test("again after that is an error, and waits", async () => {
    const waits: number[] = [];
    let refusals = 0;
    const { errors, connection } = await setUp(
      {
        refuse: () => {
          refusals++;
          return 403;
        },
      },
      { clock: notingClock(waits), onRefused: async () => true, random: { next: () => 0.5 } },
    );
    await vi.waitFor(() => expect(errors.length).toBeGreaterThanOrEqual(2));
    await connection.close();
    expect(errors[0]).toBeInstanceOf(AuthError);
    expect(errors[0]?.message).toMatch(/could not be connected: the handshake was answered with HTTP 403$/);
    expect(refusals).toBeGreaterThanOrEqual(4); // two for each error
    expect(waits[0]).toBe(125);
  });

  test("for too many attempts waits as long as the venue asks", async () => {
    const waits: number[] = [];
    let refusals = 0;
    const { seen, errors } = await setUp(
      { refuse: () => (++refusals === 1 ? 429 : undefined) },
      { clock: notingClock(waits) },
    );
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    expect(errors[0]).toBeInstanceOf(RateLimitError);
    expect(errors[0]).toMatchObject({ retryAfterMs: 3_000 });
    expect(waits).toEqual([3_000]);
  });
});

describe("a dead socket", () => {
  test("is given up when it is silent for too long", async () => {
    const { seen } = await setUp({}, { silenceMs: 60 });
    await vi.waitFor(() =>
      expect(seen.slice(0, 3)).toEqual(["open", expect.stringMatching(/^lost: nothing was heard for \d+ ms$/), "open"]),
    );
  });

  test("is given up when it does not answer a ping, though it still brings frames", async () => {
    const choice = new TestChoice(
      (await fakeVenue({ onSocket: (socket) => flood(socket, { autoPong: false }) })).urls.stream,
    );
    const { seen } = connect({ endpoints: choice, ping: { everyMs: 20, withinMs: 100 } });
    await vi.waitFor(() => expect(seen).toContain("lost: a ping got no answer in 100 ms"));
    expect(choice.log).toContain("failed region0: was lost: a ping got no answer in 100 ms");
    expect(seen.filter((text) => text === "frame").length).toBeGreaterThan(2);
  });

  test("is given up when it does not answer a keepalive", async () => {
    const { seen } = await setUp(
      {},
      {
        keepalive: keepalive({ everyMs: 20, text: "ping", isAnswer: () => false }),
        ping: { everyMs: 3_600_000, withinMs: 60 },
      },
    );
    await vi.waitFor(() => expect(seen).toContain("lost: a keepalive got no answer in 60 ms"));
  });

  test("that has gone quiet is replaced by one elsewhere before it is given up", async () => {
    const quiet = await fakeVenue({ onSocket: (socket) => socket.pause() });
    const well = await fakeVenue();
    const choice = new TestChoice(quiet.urls.stream, well.urls.stream);
    const { connection, seen, errors } = connect({
      endpoints: choice,
      ping: { everyMs: 60_000, withinMs: 60_000, quietMs: 50 },
      closeTimeoutMs: 20,
    });
    await vi.waitFor(() => expect(seen).toEqual(["open", "open"]));
    expect(connection.endpoint).toBe(choice.endpoints[1]);
    expect([choice.log, errors]).toEqual([["succeeded region0", "suspect region0", "succeeded region1"], []]);
    await vi.waitFor(() => expect(seen).toEqual(["open", "open", "left"]));
  });
});

/** Frames every few milliseconds, from a socket that may not answer pings. */
function flood(
  socket: { send(text: string): void; on(event: "close", then: () => void): void },
  { autoPong = true } = {},
) {
  (socket as unknown as { _autoPong: boolean })._autoPong = autoPong;
  const timer = setInterval(() => socket.send("frame"), 5);
  socket.on("close", () => clearInterval(timer));
}

test("pings alone keep a quiet socket alive, and are answered", async () => {
  let pongs = 0;
  const { seen, connection } = await setUp(
    {
      onSocket: (socket) => {
        socket.on("pong", () => {
          pongs++;
          setTimeout(() => socket.ping("again"), 20);
        });
        socket.ping("first");
      },
    },
    { silenceMs: 1_000 },
  );
  await vi.waitFor(() => expect(pongs).toBeGreaterThan(60));
  expect(seen).toEqual(["open"]);
  await connection.close();
});

test("a keepalive goes out as often as it says; its answer is kept from the reader, and what else comes is not", async () => {
  const got: string[] = [];
  const { seen } = await setUp(
    {
      onSocket: (socket) =>
        socket.on("message", (data) => {
          got.push(String(data));
          socket.send("news");
          socket.send("pong");
          socket.send("pong"); // one that was not asked for
        }),
    },
    { keepalive: keepalive({ everyMs: 20, text: "ping", isAnswer: (data) => data.equals(Buffer.from("pong")) }) },
  );
  await vi.waitFor(() => expect(got.length).toBeGreaterThanOrEqual(3));
  await vi.waitFor(() => expect(seen.slice(0, 5)).toEqual(["open", "news", "pong", "news", "pong"]));
  expect(seen.some((text) => text.startsWith("lost"))).toBe(false);
});

describe("with several endpoints", () => {
  test("a refused connection moves on to the next one at once", async () => {
    const waits: number[] = [];
    const venue = await fakeVenue();
    const choice = new TestChoice("ws://127.0.0.1:1", venue.urls.stream);
    const { seen, errors } = connect({ endpoints: choice, clock: notingClock(waits), random: { next: () => 0.9 } });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    expect([errors.length, waits]).toEqual([1, []]);
    expect(choice.log).toEqual([
      expect.stringContaining("failed region0: could not be connected: connect ECONNREFUSED"),
      "succeeded region1",
    ]);
  });

  test("a silent one gets little time while there is another", async () => {
    const silent = await createSilentServer();
    const venue = await fakeVenue();
    closers.push(() => silent.close());
    const choice = new TestChoice(silent.url, venue.urls.stream);
    const { seen, errors } = connect({ endpoints: choice, connectTimeoutMs: 600_000 });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    expect(errors[0]?.message).toMatch(/could not be connected: it took more than 1200 ms$/);
    expect(choice.log).toEqual([
      "failed region0: could not be connected: it took more than 1200 ms",
      "succeeded region1",
    ]);
  });

  test("only after all of them failed is there a pause", async () => {
    const waits: number[] = [];
    const choice = new TestChoice("ws://127.0.0.1:1", "ws://127.0.0.1:2");
    const { errors, connection } = connect({ endpoints: choice, clock: notingClock(waits), random: { next: () => 1 } });
    await vi.waitFor(() => expect(errors.length).toBeGreaterThanOrEqual(6));
    await connection.close();
    expect(choice.log.slice(0, 6).map((line) => line.slice(0, 14))).toEqual([
      "failed region0",
      "failed region1",
      "failed region0",
      "failed region1",
      "failed region0",
      "failed region1",
    ]);
    expect(waits.slice(0, 3)).toEqual([250, 500, 1_000]);
  });

  test("one that is given up is left at once, for another one", async () => {
    const waits: number[] = [];
    const [first, second] = [await fakeVenue(), await fakeVenue()];
    const choice = new TestChoice(first.urls.stream, second.urls.stream);
    const { seen, connection } = connect({
      endpoints: choice,
      clock: notingClock(waits),
      random: { next: () => 0.9 },
    });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    choice.takeDown(0, "its probe failed");
    await vi.waitFor(() => expect(seen).toEqual(["open", "lost: its endpoint is down: its probe failed", "open"]));
    expect([connection.endpoint?.region, waits]).toEqual(["region1", []]);
    await vi.waitFor(() => expect(first.connections).toBe(0));
  });

  test("one that is given up while it is being tried is left too", async () => {
    const silent = await createSilentServer();
    const venue = await fakeVenue();
    closers.push(() => silent.close());
    const choice = new TestChoice(silent.url, venue.urls.stream);
    const { seen, errors } = connect({ endpoints: choice, connectTimeoutMs: 600_000 });
    choice.takeDown(0, "its probe failed");
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    expect(errors[0]?.message).toMatch(/could not be connected: its endpoint is down: its probe failed$/);
  });

  test("a close by the venue blames nobody; being cut off does", async () => {
    const venue = await fakeVenue();
    const choice = new TestChoice(venue.urls.stream);
    const { seen } = connect({ endpoints: choice });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    venue.socket.close(1000);
    await vi.waitFor(() => expect(venue.sockets).toHaveLength(2));
    venue.socket.terminate();
    await vi.waitFor(() => expect(venue.sockets).toHaveLength(3));
    expect(choice.log).toEqual([
      "succeeded region0",
      "succeeded region0",
      "failed region0: was lost: cut off",
      "succeeded region0",
    ]);
  });

  test("close takes its listener back", async () => {
    const choice = new TestChoice((await fakeVenue()).urls.stream);
    const { connection } = connect({ endpoints: choice });
    expect(choice.listeners).toBe(1);
    await connection.close();
    expect(choice.listeners).toBe(0);
  });
});

describe("a planned change", () => {
  test("opens the second socket first, takes over when that is ready, and then closes the first", async () => {
    const links: Link[] = [];
    const { venue, connection, seen, errors } = await setUp({}, { onOpen: (link) => links.push(link) });
    await vi.waitFor(() => expect(links).toHaveLength(1));
    const [before] = links as [Link];
    before.ready();
    connection.recycle();
    connection.recycle(); // it is under way
    await vi.waitFor(() => expect(links).toHaveLength(2));
    const [, after] = links as [Link, Link];
    expect([before.isCurrent, after.isCurrent, connection.isReady]).toEqual([true, false, true]);
    venue.sockets[0]?.send("old");
    await vi.waitFor(() => expect(seen).toEqual(["old"]));
    after.ready();
    expect([before.isCurrent, after.isCurrent, connection.isReady]).toEqual([false, true, true]);
    venue.sockets[0]?.send("still on its way");
    venue.sockets[1]?.send("new");
    await vi.waitFor(() => expect([...seen].sort()).toEqual(["new", "old", "still on its way"]));
    await vi.waitFor(() => expect(venue.connections).toBe(1));
    expect(seen.at(-1)).toBe("left");
    expect([venue.sockets.length, errors]).toEqual([2, []]);
    expect(connection.trySend("over the new one")).toBe(true);
  });

  test("comes by itself at the end of a socket's life", async () => {
    const clock = new ManualClock();
    const ticks: number[] = [];
    const onTick = (nowNs: number) => ticks.push(nowNs);
    const { venue, seen } = await setUp({}, { clock, lifeMs: 20_000, ping: false, silenceMs: 3_600_000, onTick });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    const passMs = async (ms: number) => {
      clock.advance({ ms });
      const { length } = ticks;
      await vi.waitFor(() => expect(ticks.length).toBeGreaterThan(length + 1)); // the first one only finds that it is late
    };
    await passMs(19_999);
    expect(seen).toEqual(["open"]);
    await passMs(1);
    await vi.waitFor(() => expect(seen).toEqual(["open", "open"]));
    expect(venue.sockets).toHaveLength(2);
  });

  test("is no gap when the first socket dies after the second one is ready", async () => {
    const { venue, connection, seen, errors } = await setUp();
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    connection.recycle();
    await vi.waitFor(() => expect(seen).toEqual(["open", "open"]));
    venue.sockets[0]?.terminate();
    await vi.waitFor(() => expect(seen).toEqual(["open", "open", "left"]));
    expect(errors).toEqual([]);
  });

  test("becomes a loss when the first socket dies before that; the second one goes on", async () => {
    const links: Link[] = [];
    const { venue, connection, seen } = await setUp({}, { onOpen: (link) => links.push(link) });
    await vi.waitFor(() => expect(links).toHaveLength(1));
    links[0]?.ready();
    connection.recycle();
    await vi.waitFor(() => expect(links).toHaveLength(2));
    venue.sockets[0]?.terminate();
    await vi.waitFor(() => expect(seen).toEqual(["lost: cut off"]));
    expect([connection.isReady, links[1]?.isCurrent]).toEqual([false, true]);
    links[1]?.ready();
    expect([connection.isReady, venue.sockets.length]).toEqual([true, 2]);
  });

  test("is tried again when the second socket is lost; the first one stays", async () => {
    const links: Link[] = [];
    const { venue, connection, seen } = await setUp({}, { onOpen: (link) => links.push(link) });
    await vi.waitFor(() => expect(links).toHaveLength(1));
    links[0]?.ready();
    connection.recycle();
    await vi.waitFor(() => expect(links).toHaveLength(2));
    venue.sockets[1]?.terminate();
    await vi.waitFor(() => expect(links).toHaveLength(3));
    expect([seen, links[0]?.isCurrent, connection.isReady]).toEqual([["lost: cut off"], true, true]);
    links[2]?.ready();
    expect([links[0]?.isCurrent, links[2]?.isCurrent]).toEqual([false, true]);
  });
});

test("sends only while it is open", async () => {
  const got: string[] = [];
  const { connection, seen } = await setUp({
    onSocket: (socket) => socket.on("message", (data) => got.push(String(data))),
  });
  expect(connection.trySend("too early")).toBe(false);
  await vi.waitFor(() => expect(seen).toEqual(["open"]));
  expect(connection.trySend("hello")).toBe(true);
  await vi.waitFor(() => expect(got).toEqual(["hello"]));
  await connection.close();
  expect(connection.trySend("too late")).toBe(false);
});

describe("close", () => {
  test("ends the socket, calls nothing back, and may be called again", async () => {
    const { venue, connection, seen, errors } = await setUp();
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    const closing = connection.close();
    venue.socket.send("while closing");
    await Promise.all([closing, connection.close()]);
    expect(seen).toEqual(["open"]);
    expect(errors).toEqual([]);
    await vi.waitFor(() => expect(venue.connections).toBe(0));
  });

  test("before the socket is open, and while waiting to reconnect, is quiet as well", async () => {
    const early = await setUp();
    await early.connection.close();
    expect([early.seen, early.errors]).toEqual([[], []]);
    const waiting = await setUp({}, { random: { next: () => 0.999 } });
    await vi.waitFor(() => expect(waiting.seen).toEqual(["open"]));
    waiting.venue.socket.terminate();
    await vi.waitFor(() => expect(waiting.errors).toHaveLength(1));
    await waiting.connection.close();
    expect(waiting.venue.sockets).toHaveLength(1);
  });

  test("in the middle of a planned change ends both sockets", async () => {
    const { venue, connection, seen } = await setUp();
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    connection.recycle();
    await vi.waitFor(() => expect(seen).toEqual(["open", "open"]));
    await connection.close();
    await vi.waitFor(() => expect(venue.connections).toBe(0));
    expect(seen).toEqual(["open", "open"]);
  });

  test("from inside of a callback opens nothing any more", async () => {
    const { venue, connection, seen } = await setUp({}, { onLost: () => void connection.close() });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    venue.socket.terminate();
    await vi.waitFor(() => expect(venue.connections).toBe(0));
    await connection.close();
    expect(venue.sockets).toHaveLength(1);
  });

  test("does not wait for a peer that does not answer", async () => {
    const { venue, connection, seen } = await setUp({ onSocket: (socket) => socket.pause() }, { closeTimeoutMs: 20 });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    await connection.close();
    expect(venue.sockets).toHaveLength(1);
  });
});

test("options out of range are refused before anything is connected", async () => {
  const venue = await fakeVenue();
  const bad: readonly [Partial<ConnectionOptions>, string][] = [
    [{ connectTimeoutMs: 0 }, "connectTimeoutMs must be a number from 1 to 600000, got 0"],
    [{ silenceMs: 9 }, "silenceMs"],
    [{ ping: { everyMs: 9, withinMs: 10 } }, "ping.everyMs"],
    [{ ping: { everyMs: 10, withinMs: 9 } }, "ping.withinMs"],
    [{ ping: { everyMs: 10, withinMs: 10, quietMs: 9 } }, "ping.quietMs"],
    [{ lifeMs: 999 }, "lifeMs"],
    [{ maxFrameBytes: 0 }, "maxFrameBytes"],
    [{ closeTimeoutMs: 0 }, "closeTimeoutMs"],
  ];
  for (const [options, words] of bad) {
    const open = () => connect({ endpoints: fixedEndpoint(venue.urls.stream), ...options });
    expect(open).toThrow(InvalidInputError);
    expect(open).toThrow(words);
  }
  expect(() => keepalive({ everyMs: 1, text: "" })).toThrow("keepalive.everyMs must be a number from 10 to 3600000");
  expect(venue.connections).toBe(0);
});
