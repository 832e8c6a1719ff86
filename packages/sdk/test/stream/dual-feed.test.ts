import { createSystemClock } from "@pitlane/perf";
import { afterEach, describe, expect, test, vi } from "vitest";
import { DualFeed } from "../../src/stream/dual-feed.ts";
import { SocketFeed, type StreamFeedOptions } from "../../src/stream/socket-feed.ts";
import type { SubscriptionDialect } from "../../src/stream/subscriptions.ts";
import { FakeVenue, type FakeVenueOptions, TestChoice } from "../support/fake-venue.ts";
import { rejectionOf } from "../support/rejection.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

const dialect: SubscriptionDialect = {
  namesPerMessage: 10,
  pace: { messages: 100, windowMs: 1_000 },
  subscribe: (names, id) => `+${id} ${names.join()}`,
  unsubscribe: (names, id) => `-${id} ${names.join()}`,
  readAnswer: (data) => (data[0] === 33 ? { id: Number(data.subarray(1)), error: undefined } : undefined), // !1
};

/** Answers every request. */
function answering(log: string[] = []): FakeVenueOptions {
  return {
    onSocket: (socket) =>
      socket.on("message", (data) => {
        log.push(String(data));
        socket.send(`!${String(data).slice(1).split(" ")[0]}`);
      }),
  };
}

interface SetUpOptions extends Partial<StreamFeedOptions> {
  readonly legs?: 1 | 2;
}

async function setUp({ legs = 2, ...options }: SetUpOptions = {}, regions = 2, venueOptions = answering()) {
  const venues: FakeVenue[] = [];
  for (let i = 0; i < regions; i++) venues.push(await FakeVenue.create(venueOptions));
  const choice = new TestChoice(...venues.map(({ urls }) => urls.stream));
  const frames: string[] = [];
  const lost: string[] = [];
  const errors: Error[] = [];
  const seen = new Set<string>();
  const Feed = legs === 2 ? DualFeed : SocketFeed;
  const feed = new Feed({
    names: ["a"],
    dialect,
    targetOf: () => ({ target: "", names: [] }),
    onFrame: (data, _receivedAtUs, _receivedNs, isShared) => {
      const text = data.toString();
      const isNews = !seen.has(text);
      seen.add(text);
      frames.push(`${text}${isShared ? "" : " alone"}`);
      return isNews;
    },
    onLost: (reason) => lost.push(reason),
    onError: (error) => errors.push(error),
    connection: { endpoints: choice, clock: createSystemClock(), random: { next: () => 0 } },
    ...options,
  });
  closers.push(...venues.map((venue) => () => venue.close()), () => feed.close());
  await feed.whenReady();
  const ready = () => feed.legs.filter(({ isReady }) => isReady).map(({ region }) => region);
  return { venues: venues as [FakeVenue, FakeVenue], choice, feed, frames, lost, errors, ready };
}

test("two sockets are in two regions; the first arrival wins, and is counted", async () => {
  const { venues, feed, frames, ready } = await setUp();
  await vi.waitFor(() => expect(ready()).toEqual(["region0", "region1"]));
  venues[0].socket.send("1");
  await vi.waitFor(() => expect(frames).toEqual(["1"]));
  venues[1].socket.send("1");
  venues[1].socket.send("2");
  await vi.waitFor(() => expect(frames).toHaveLength(3));
  expect(feed.legs).toEqual([
    { region: "region0", isReady: true, frames: 1, wins: 1, losses: 0 },
    { region: "region1", isReady: true, frames: 2, wins: 1, losses: 0 },
  ]);
});

test("the loss of one is no gap; of both it is, once", async () => {
  const { venues, lost, errors, ready } = await setUp();
  await vi.waitFor(() => expect(ready()).toHaveLength(2));
  await venues[0].close();
  await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0));
  expect(lost).toEqual([]);
  await venues[1].close();
  await vi.waitFor(() => expect(lost).toEqual(["cut off"]));
});

test("one socket alone is a connection with its subscriptions", async () => {
  const log: string[] = [];
  const { venues, feed, frames, lost } = await setUp({ legs: 1, names: ["a", "b"] }, 1, answering(log));
  expect(log).toEqual(["+1 a,b"]);
  venues[0].socket.send("1");
  await vi.waitFor(() => expect(frames).toEqual(["1 alone"]));
  feed.add(["c"]);
  feed.remove(["a"]);
  await vi.waitFor(() => expect(log.slice(1)).toEqual(["+2 c", "-3 a"]));
  expect([...feed.names]).toEqual(["b", "c"]);
  feed.refresh(["b"]);
  await vi.waitFor(() => expect(log.slice(3)).toEqual(["-4 b", "+5 b"]));
  venues[0].socket.terminate();
  await vi.waitFor(() => expect(lost).toEqual(["cut off"]));
  await vi.waitFor(() => expect(log.at(-1)).toBe("+6 b,c"));
});

test("a planned change is no loss, and the venue sees the subscription before the old socket goes", async () => {
  const log: string[] = [];
  const { venues, feed, frames, lost, errors } = await setUp({ legs: 1 }, 1, answering(log));
  feed.recycle();
  await vi.waitFor(() => expect(log).toEqual(["+1 a", "+2 a"]));
  venues[0].sockets[0]?.send("old");
  await vi.waitFor(() => expect(frames).toEqual(["old"])); // shared with the new one
  await vi.waitFor(() => expect(venues[0].connections).toBe(1));
  venues[0].sockets[1]?.send("new");
  await vi.waitFor(() => expect(frames).toEqual(["old", "new alone"]));
  expect([lost, errors, venues[0].sockets.length]).toEqual([[], [], 2]);
});

test("a socket without data is replaced though it answers pings", async () => {
  const { venues, lost, errors } = await setUp({ legs: 1, quietMs: 1_000 }, 1);
  await vi.waitFor(() => expect(venues[0].sockets.length).toBeGreaterThanOrEqual(2)); // the new one is as quiet
  expect([lost, errors]).toEqual([[], []]);
});

describe("when both sockets had to flee to one region", () => {
  test("and it is all there is, they stay", async () => {
    const { choice, ready } = await setUp();
    await vi.waitFor(() => expect(ready()).toEqual(["region0", "region1"]));
    choice.takeDown(0, "gone");
    await vi.waitFor(() => expect(ready()).toEqual(["region1", "region1"]));
  });
});

test("close ends both, and who waits for the subscriptions", async () => {
  const { feed, venues } = await setUp({}, 2, {
    onSocket: (socket) =>
      socket.on("message", (data) => {
        if (String(data) === "+1 a") socket.send("!1"); // and nothing else
      }),
  });
  feed.add(["b", "c"]);
  const rejection = rejectionOf(feed.whenReady());
  await feed.close();
  expect((await rejection).message).toBe("the stream was closed before its subscriptions were confirmed");
  await vi.waitFor(() => expect(venues[0].connections + venues[1].connections).toBe(0));
});
