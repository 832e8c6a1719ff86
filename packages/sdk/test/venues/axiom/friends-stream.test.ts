import { InvalidInputError } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import {
  type AxiomOptions,
  createAxiom,
  type FriendsEvent,
  type FriendsPage,
} from "../../../src/venues/axiom/index.ts";
import { PAIR } from "./examples.ts";
import { type FakeOptions, fakeAxiom, token, until } from "./fake-axiom.ts";
import { setUp } from "./paper-axiom.ts";

async function setUpFake(fakeOptions: FakeOptions = {}, options: AxiomOptions = {}) {
  const fake = await fakeAxiom(fakeOptions);
  const axiom = createAxiom({ urls: fake.urls, session: { accessToken: token("user", 900) }, ...options });
  onTestFinished(() => axiom.close());
  const events: FriendsEvent[] = [];
  const errors: Error[] = [];
  const open = async (page?: FriendsPage) => {
    const stream = axiom.stream.friends({
      ...(page === undefined ? {} : { page }),
      onEvent: (event) => events.push(event),
      onError: (error) => errors.push(error),
    });
    await stream.ready;
    return stream;
  };
  return { fake, axiom, open, events, errors };
}

/** Keeps what a client says; echoes dots while told to. */
function listening(received: string[], echoes: () => boolean = () => true): NonNullable<FakeOptions["onSocket"]> {
  return (socket) =>
    socket.on("message", (data) => {
      received.push(data.toString());
      if (data.toString() === "." && echoes()) socket.send(".");
    });
}

test("the paper venue is told where the user is: on open, on a change, and again after a loss", async () => {
  const { axiom, venue, faults } = await setUp();
  const [first, second] = venue.pairAddresses as [string, string];
  const events: FriendsEvent[] = [];
  const stream = axiom.stream.friends({
    page: { subpage: await axiom.market.getPairRecord(first) },
    onEvent: (event) => events.push(event),
    onError: () => {}, // of the loss
  });
  const pages = () => venue.presences.map(({ page, chain, subpage }) => [page, chain, subpage["pairAddress"]]);
  await until(() => venue.presences.length === 1);
  expect(pages()).toEqual([["meme", "sol", first]]);
  const subpage = await axiom.market.getPairRecord(second);
  stream.setPage({ subpage });
  await until(() => venue.presences[0]?.subpage["pairAddress"] === second);
  expect(venue.presences[0]?.subpage).toEqual(subpage);
  faults.add({ kind: "close", code: 1001 });
  await until(() => events.length === 2 && venue.presences.length === 1);
  expect(events).toMatchObject([{ kind: "gap", cause: "lost" }, { kind: "resync" }]);
  expect(pages()).toEqual([["meme", "sol", second]]);
  await stream.close();
  await until(() => venue.presences.length === 0);
});

test("nothing is said of the user until a page is set", async () => {
  const received: string[] = [];
  const { fake, open } = await setUpFake({ onSocket: listening(received) });
  const stream = await open();
  expect(fake.socketUrls).toEqual(["/friends/ws"]);
  expect(fake.handshakes[0]?.cookie).toMatch(/^auth-access-token=/);
  stream.setPage({ page: "profile", subpage: { a: 1 }, chain: "bnb" });
  await until(() => received.some((text) => text !== "."));
  const update = { type: "pageUpdate", page: "profile", subpage: { a: 1 }, chain: "bnb" };
  expect(received.filter((text) => text !== ".").map((text) => JSON.parse(text))).toEqual([update]);
  fake.sockets[0]?.terminate();
  await until(() => received.filter((text) => text !== ".").length === 2);
  expect(received.filter((text) => text !== ".").map((text) => JSON.parse(text))).toEqual([update, update]);
  expect(fake.sockets).toHaveLength(2);
});

test("whatever the socket says is handed over untouched, as its form is not known", async () => {
  const { fake, open, events, errors } = await setUpFake();
  await open();
  const values = fc.sample(fc.jsonValue(), { numRuns: 200, seed: 7 }).map((value) => JSON.stringify(value));
  for (const text of values) fake.sockets[0]?.send(text);
  fake.sockets[0]?.send("no json");
  fake.sockets[0]?.send(Buffer.from([0x81, 0x2e]));
  await until(() => events.length === values.length + 2);
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(["unknown"]));
  const messages = events.map((event) => event.kind === "unknown" && event.message);
  expect(messages.slice(0, -2).map((message) => JSON.stringify(message))).toEqual(
    values.map((text) => JSON.stringify(JSON.parse(text))),
  );
  expect(messages.slice(-2)).toEqual(["no json", Uint8Array.of(0x81, 0x2e)]);
  expect(errors).toEqual([]);
});

test("pings are answered, and neither they nor dots are events", async () => {
  const received: string[] = [];
  const { fake, open, events } = await setUpFake({ onSocket: listening(received) });
  await open();
  for (const text of [".", '{"type":"ping"}', '{"type":"pong"}', '{"type":"online"}']) fake.sockets[0]?.send(text);
  await until(() => events.length === 1 && received.some((text) => text !== "."));
  expect(events).toMatchObject([{ kind: "unknown", message: { type: "online" } }]);
  expect(received.filter((text) => text !== ".")).toEqual(['{"type":"pong"}']);
});

test("a dot goes out each second, and a socket that does not echo it is replaced", async () => {
  const clock = new ManualClock(Date.now() * 1000);
  const received: string[] = [];
  let echoes = true;
  const { fake, open, events } = await setUpFake({ onSocket: listening(received, () => echoes) }, { clock });
  await open();
  for (let count = 1; count <= 3; count++) {
    clock.advance({ ms: 1_000 });
    await until(() => received.length === count);
    await echoed(fake.sockets[0]!);
  }
  expect(received).toEqual([".", ".", "."]);
  echoes = false;
  clock.advance({ ms: 1_000 });
  await until(() => received.length === 4);
  clock.advance({ ms: 10_000 });
  await until(() => events.length === 1);
  expect(events).toMatchObject([{ kind: "gap", cause: "lost", reason: "a keepalive got no answer in 10000 ms" }]);
  clock.advance({ ms: 1_000 });
  await until(() => events.length === 2);
  expect(events[1]).toMatchObject({ kind: "resync" });
  expect(fake.sockets).toHaveLength(2);
});

test("a loop reads events, and leaving it closes the socket", async () => {
  const { fake, axiom } = await setUpFake();
  const stream = axiom.stream.friends({ onError: () => {}, overflow: { capacity: 2 } });
  await stream.ready;
  const closed = new Promise((resolve) => fake.sockets[0]?.on("close", resolve));
  for (let i = 0; i < 5; i++) fake.sockets[0]?.send(`[${i}]`);
  await echoed(fake.sockets[0]!);
  const events: FriendsEvent[] = [];
  for await (const event of stream) {
    events.push(event);
    if (events.length === 3) break;
  }
  expect(events).toMatchObject([
    { kind: "gap", cause: "overflow", reason: "overflow: 3 events were dropped, the consumer is too slow" },
    { kind: "unknown", message: [3] },
    { kind: "unknown", message: [4] },
  ]);
  await closed;
});

test.each<readonly [name: string, page: unknown, rule: string]>([
  ["a subpage that is none", { subpage: PAIR }, "page.subpage must be an object"],
  ["no subpage", {}, "page.subpage must be an object"],
  ["a page without a name", { page: "", subpage: {} }, "page.page must be text"],
  ["a chain without a name", { chain: "", subpage: {} }, "page.chain must be text"],
])("bad input is refused before a socket is opened: %s", async (_, page, rule) => {
  const { fake, axiom, open } = await setUpFake();
  const opening = () => axiom.stream.friends({ page: page as FriendsPage, onError: () => {} });
  expect(opening).toThrow(InvalidInputError);
  expect(opening).toThrow(rule);
  expect(fake.handshakes).toEqual([]);
  const stream = await open();
  expect(() => stream.setPage(page as FriendsPage)).toThrow(rule);
});

/** Resolves when everything sent before was read by the client. */
function echoed(socket: import("ws").WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("pong", () => resolve());
    socket.ping();
  });
}
