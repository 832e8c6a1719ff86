import { createSystemClock } from "@pitlane/perf";
import { seededRandom } from "@pitlane/perf/testing";
import { afterEach, expect, test, vi } from "vitest";
import { NetworkError } from "../../src/index.ts";
import { Connection, type ConnectionOptions } from "../../src/stream/connection.ts";
import { FakeVenue, type FakeVenueOptions } from "../support/fake-venue.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

async function setUp(venueOptions: FakeVenueOptions = {}, options: Partial<ConnectionOptions> = {}) {
  const venue = await FakeVenue.create(venueOptions);
  closers.push(() => venue.close());
  const seen: string[] = [];
  const errors: NetworkError[] = [];
  const connection = new Connection({
    url: `${venue.urls.stream}/stream?streams=a`,
    onOpen: () => seen.push("open"),
    onMessage: (text) => seen.push(text),
    onLost: (reason) => seen.push(`lost: ${reason}`),
    onError: (error) => errors.push(error),
    connectTimeoutMs: 1_000,
    clock: createSystemClock(),
    random: { next: () => 0 }, // no waiting between attempts
    ...options,
  });
  closers.push(() => connection.close());
  return { venue, connection, seen, errors };
}

test("delivers text frames in order, after the open", async () => {
  const { seen } = await setUp({
    onSocket: (socket) => {
      for (const text of ["1", "zwei", "３"]) socket.send(text);
    },
  });
  await vi.waitFor(() => expect(seen).toEqual(["open", "1", "zwei", "３"]));
});

test("reads the time of a frame before it does anything with it", async () => {
  const times: number[] = [];
  const clock = createSystemClock();
  const started = [clock.nowUs(), clock.monotonicNs()] as const;
  await setUp(
    { onSocket: (socket) => socket.send("x") },
    { clock, onMessage: (_, receivedAtUs, receivedNs) => times.push(receivedAtUs, receivedNs) },
  );
  await vi.waitFor(() => expect(times).toHaveLength(2));
  expect(times[0]).toBeGreaterThanOrEqual(started[0]);
  expect(times[1]).toBeGreaterThanOrEqual(started[1]);
  expect(times[1]).toBeLessThanOrEqual(clock.monotonicNs());
});

test("a lost socket is told once, with the venue's words, and replaced", async () => {
  const { venue, seen, errors } = await setUp();
  await vi.waitFor(() => expect(seen).toEqual(["open"]));
  venue.socket.close(1008, "Too many requests");
  await vi.waitFor(() => expect(seen).toEqual(["open", "lost: closed by the venue (1008 Too many requests)", "open"]));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toBeInstanceOf(NetworkError);
  expect(errors[0]?.message).toMatch(/^127\.0\.0\.1:\d+ was lost: closed by the venue/);
});

test("a socket that dies without a close frame is replaced too", async () => {
  const { venue, seen } = await setUp();
  await vi.waitFor(() => expect(seen).toEqual(["open"]));
  venue.socket.terminate();
  await vi.waitFor(() => expect(seen).toEqual(["open", "lost: cut off", "open"]));
});

test("an attempt that fails is an error but no loss, and the next one comes", async () => {
  const { venue, connection, seen, errors } = await setUp();
  await vi.waitFor(() => expect(seen).toEqual(["open"]));
  await venue.close();
  await vi.waitFor(() => expect(errors.length).toBeGreaterThanOrEqual(3));
  expect(seen).toHaveLength(2);
  expect(errors[2]?.message).toMatch(/could not be connected: connect ECONNREFUSED/);
  expect(errors[2]?.outcome).toBe("unsent");
  await connection.close();
});

test("waits between attempts, longer each time", async () => {
  const waits: number[] = [];
  const clock = { ...timesOf(), sleep: async (ms: number) => void waits.push(ms) };
  const { connection, errors } = await setUp({}, { url: "ws://127.0.0.1:1/", clock, random: { next: () => 0.999 } });
  await vi.waitFor(() => expect(errors.length).toBeGreaterThanOrEqual(9));
  await connection.close();
  expect(waits.slice(0, 9).map(Math.round)).toEqual([250, 500, 999, 1_998, 3_996, 7_992, 15_984, 29_970, 29_970]);
});

function timesOf() {
  const clock = createSystemClock();
  return { nowUs: () => clock.nowUs(), monotonicNs: () => clock.monotonicNs() };
}

test("a socket that is silent for too long is given up", async () => {
  const { seen } = await setUp({}, { silenceMs: 60 });
  await vi.waitFor(() =>
    expect(seen.slice(0, 3)).toEqual(["open", expect.stringMatching(/^lost: nothing was heard for \d+ ms$/), "open"]),
  );
});

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
  await vi.waitFor(() => expect(pongs).toBeGreaterThan(60), { timeout: 10_000 });
  expect(seen).toEqual(["open"]);
  await connection.close();
});

test("restart counts as a loss and does not come back before it is told to", async () => {
  const waits: number[] = [];
  const clock = { ...timesOf(), sleep: async (ms: number) => void waits.push(ms) };
  const { connection, seen } = await setUp({}, { clock, random: seededRandom(1) });
  await vi.waitFor(() => expect(seen).toEqual(["open"]));
  connection.restart("the venue said so", 7_000);
  await vi.waitFor(() => expect(seen).toEqual(["open", "lost: the venue said so", "open"]));
  expect(waits).toEqual([7_000]);
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

test("close ends the socket, calls nothing back, and may be called again", async () => {
  const { venue, connection, seen, errors } = await setUp();
  await vi.waitFor(() => expect(seen).toEqual(["open"]));
  const closing = connection.close();
  venue.socket.send("while closing");
  await Promise.all([closing, connection.close()]);
  expect(seen).toEqual(["open"]);
  expect(errors).toEqual([]);
  await vi.waitFor(() => expect(venue.connections).toBe(0));
});

test("close before the socket is open, and while waiting to reconnect, is quiet as well", async () => {
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

test("close does not wait for a peer that does not answer", async () => {
  const { venue, connection, seen } = await setUp({ onSocket: (socket) => socket.pause() });
  await vi.waitFor(() => expect(seen).toEqual(["open"]));
  await connection.close();
  expect(venue.sockets).toHaveLength(1);
});
