import { ManualClock } from "@pitlane/perf/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAxiom, type EucalyptusEvent } from "../../../src/venues/axiom/index.ts";
import { eucalyptusColumns, PAIR } from "./examples.ts";
import { fakeAxiom, token, until } from "./fake-axiom.ts";
import { setUp } from "./paper-axiom.ts";

test("trades of tracked wallets come from the paper venue as they happen", async () => {
  const { axiom } = await setUp();
  const errors: Error[] = [];
  const stream = axiom.stream.trackedTrades({ onError: (error) => errors.push(error) });
  for await (const event of stream) {
    expect(event.kind).toBe("trade");
    if (event.kind !== "trade") continue;
    expect([2, 4]).toContain(event.trade.typeCode);
    expect(event.trade.moreColumns).toEqual([]);
    break;
  }
  expect(errors).toEqual([]);
});

test("rows, lists of rows, other messages and losses are told apart", async () => {
  const fake = await fakeAxiom({});
  const axiom = createAxiom({ urls: fake.urls, session: { accessToken: token("user", 900) } });
  onTestFinished(() => axiom.close());
  const events: EucalyptusEvent[] = [];
  const errors: Error[] = [];
  const stream = axiom.stream.trackedTrades({
    onEvent: (event) => events.push(event),
    onError: (error) => errors.push(error),
  });
  await stream.ready;
  expect(fake.socketUrls).toEqual(["/eucalyptus/ws"]);
  const row = eucalyptusColumns();
  for (const message of [row, [row, row], { method: "pong" }, { hello: 1 }])
    fake.sockets[0]?.send(JSON.stringify(message));
  fake.sockets[0]?.send("no json");
  fake.sockets[0]?.send(JSON.stringify([1, 2]));
  await until(() => events.length === 6 && errors.length === 2);
  expect(events.map(({ kind }) => kind)).toEqual(["trade", "trade", "trade", "unknown", "gap", "gap"]);
  expect(events.slice(4)).toMatchObject(errors.map(({ message }) => ({ cause: "undecodable", reason: message })));
  expect(events[0]).toMatchObject({ trade: { pairAddress: PAIR } });
  expect(errors.map(({ message }) => message)).toEqual([
    "a frame of the eucalyptus socket is no JSON: 7 bytes",
    "eucalyptus row: column 1 (walletAddress) must be text, got 2",
  ]);
  fake.sockets[0]?.terminate();
  await until(() => events.length === 8);
  expect(events.slice(6)).toMatchObject([{ kind: "gap", cause: "lost" }, { kind: "resync" }]);
});

describe("of the BNB chain", () => {
  test("the paper venue has a socket, which answers and has nothing to say", async () => {
    const { axiom, venue } = await setUp();
    const stream = axiom.stream.trackedTrades({ chain: "bnb", onError: () => {} });
    await stream.ready;
    expect(venue.sockets).toBe(1);
    await stream.close();
    await until(() => venue.sockets === 0);
  });

  test("whatever is said is handed over untouched: the form of its rows is not known", async () => {
    const fake = await fakeAxiom({});
    const axiom = createAxiom({ urls: fake.urls, session: { accessToken: token("user", 900) } });
    onTestFinished(() => axiom.close());
    const events: EucalyptusEvent[] = [];
    const errors: Error[] = [];
    const stream = axiom.stream.trackedTrades({
      chain: "bnb",
      onEvent: (event) => events.push(event),
      onError: (error) => errors.push(error),
    });
    await stream.ready;
    expect(fake.socketUrls).toEqual(["/eucalyptus-bnb/ws"]);
    const messages = [eucalyptusColumns(), [1, 2], { a: null }, "text", 7];
    for (const message of messages) fake.sockets[0]?.send(JSON.stringify(message));
    fake.sockets[0]?.send('{"method":"pong"}');
    fake.sockets[0]?.send("no json");
    await until(() => events.length === messages.length + 1 && errors.length === 1);
    expect(events.slice(0, -1).map((event) => event.kind === "unknown" && event.message)).toEqual(messages);
    expect(events.at(-1)).toMatchObject({ kind: "gap", cause: "undecodable" });
  });

  test("another chain is refused before a socket is opened", async () => {
    const fake = await fakeAxiom({});
    const axiom = createAxiom({ urls: fake.urls, session: { accessToken: token("user", 900) } });
    onTestFinished(() => axiom.close());
    expect(() => axiom.stream.trackedTrades({ chain: "eth" as never, onError: () => {} })).toThrow(
      "chain must be one of sol, bnb",
    );
    expect(fake.handshakes).toEqual([]);
  });
});

test("its ping goes out every 30 s, of which nothing is expected", async () => {
  const clock = new ManualClock(Date.now() * 1000);
  const received: string[] = [];
  const fake = await fakeAxiom({
    onSocket: (socket) => socket.on("message", (data) => received.push(data.toString())),
  });
  const axiom = createAxiom({ urls: fake.urls, session: { accessToken: token("user", 900) }, clock });
  onTestFinished(() => axiom.close());
  const stream = axiom.stream.trackedTrades({ onError: () => {} });
  await stream.ready;
  clock.advance({ ms: 30_000 });
  await until(() => received.length === 1);
  expect(received).toEqual(['{"method":"ping"}']);
  expect(fake.sockets).toHaveLength(1);
});
