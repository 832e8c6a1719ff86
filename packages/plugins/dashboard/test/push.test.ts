import { connect } from "node:net";
import { Writable } from "node:stream";
import { ManualClock } from "@pitlane/perf/testing";
import { afterEach, expect, test, vi } from "vitest";
import { Client, MOST_CLIENTS, MOST_WAITING } from "../src/push.ts";
import { enter, openStream, type Served, type ServeOptions, serve } from "./set-up.ts";

const open: Served[] = [];

async function setUp(options: ServeOptions = {}) {
  const clock = new ManualClock();
  const served = await serve({ clock, ...options });
  open.push(served);
  return { ...served, clock };
}

afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

test("a page is greeted, gets the present sample, and then each one as it is taken", async () => {
  const { dashboard, session } = await setUp();
  const stream = await openStream(dashboard);
  expect(stream.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
  expect(stream.headers["cache-control"]).toBe("no-store");
  const hello = await stream.next("hello");
  expect(hello.data).toMatchObject({ runId: session.run.id, startedAtUs: session.run.startedAtUs });
  expect(await stream.next("sample")).toMatchObject({ data: { seq: 120 } });
  session.step();
  const next = await stream.next("sample");
  expect(next.data).toEqual(JSON.parse(JSON.stringify(session.samples.latest)));
  expect(Number(next.id)).toBeGreaterThan(Number(hello.id));
  stream.close();
});

test("alerts and log lines are pushed as they come, to every page", async () => {
  const { dashboard, session } = await setUp();
  const streams = [await openStream(dashboard), await openStream(dashboard)];
  for (const stream of streams) await stream.next("hello");
  const alert = session.raise();
  session.log("trend", "bought with hunter2");
  for (const stream of streams) {
    expect((await stream.next("alert")).data).toEqual(alert);
    expect((await stream.next("log")).data).toMatchObject({ source: "trend", message: "bought with ***" });
    stream.close();
  }
});

test("a market is pushed four times a second at most, while somebody watches it, and only when it has changed", async () => {
  const { dashboard, session, clock } = await setUp();
  const stream = await openStream(dashboard, "?instrument=paper:AAA/USDT");
  expect((await stream.next("market")).data).toMatchObject({ market: { instrument: "paper:AAA/USDT" }, trades: [] });
  session.step();
  session.step();
  clock.advance({ ms: 250 });
  const pushed = await stream.next("market");
  expect(pushed.data).toMatchObject({ trades: { length: 4 } });
  const other = await openStream(dashboard);
  await other.next("hello");
  clock.advance({ ms: 250 });
  await vi.waitUntil(() => clock.sleeping === 3);
  clock.advance({ ms: 250 });
  session.step();
  await vi.waitUntil(() => clock.sleeping === 3);
  clock.advance({ ms: 250 });
  const next = await stream.next("market");
  expect(next.data).toMatchObject({ trades: { length: 6 } });
  stream.close();
  await vi.waitUntil(() => session.listeners("paper:AAA/USDT") === 0);
  other.close();
});

test("an instrument that there is not is refused", async () => {
  const { dashboard } = await setUp();
  expect((await openStream(dashboard, "?instrument=paper:XXX/USDT")).status).toBe(404);
});

test("heads of the journal's new rows are pushed, in order", async () => {
  const { dashboard, session, clock } = await setUp();
  const stream = await openStream(dashboard);
  await stream.next("hello");
  clock.advance({ ms: 500 }); // the first look finds where the journal ends
  await vi.waitUntil(() => clock.sleeping === 3);
  session.step();
  clock.advance({ ms: 500 });
  const { data } = await stream.next("journal");
  expect(data).toMatchObject({ skipped: 0, rows: [{ kind: "inputs" }, { kind: "intent" }, { kind: "report" }] });
  expect((data as { rows: { summary: string; clientOrderId: string }[] }).rows[1]).toMatchObject({
    clientOrderId: "pl-fake0001-0-2",
    summary: expect.stringContaining("approved"),
  });
  stream.close();
});

test("more pages than fit are refused, and one that closes makes room", async () => {
  const { dashboard } = await setUp();
  const streams = await Promise.all(Array.from({ length: MOST_CLIENTS }, () => openStream(dashboard)));
  expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await openStream(dashboard)).status).toBe(503);
  streams[0]?.close();
  await vi.waitUntil(async () => {
    const stream = await openStream(dashboard);
    streams.push(stream);
    return stream.status === 200;
  });
  for (const stream of streams) stream.close();
});

/** A page that asks for the stream and then reads nothing. */
async function openSleeper({ dashboard }: Served) {
  const cookie = await enter(dashboard);
  const socket = connect(dashboard.port, "127.0.0.1");
  socket.pause();
  let isGone = false;
  socket.on("error", () => {}); // the reset that ends it
  socket.on("close", () => {
    isGone = true;
  });
  socket.write(`GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:${dashboard.port}\r\nCookie: ${cookie}\r\n\r\n`);
  return { socket, isGone: () => isGone };
}

/** Sends more than the buffers of any socket take, while another page reads all of it. */
async function flood(served: Served): Promise<void> {
  const { dashboard, session } = served;
  const reader = await openStream(dashboard);
  await reader.next("sample");
  for (let i = 0; i < 2000; i++) {
    const sample = session.step();
    expect((await reader.next("sample")).data).toMatchObject({ seq: sample.seq });
  }
  reader.close();
}

test("what waits for a page that does not read is bounded by one event beyond its buffer, whatever is sent", () => {
  const stuck = new Writable({ write: () => {} }); // takes the first part and never says that it is done
  const client = new Client(stuck, undefined, 0);
  const event = (name: "sample" | "market" | "log" | "alert") => ({ name, bytes: Buffer.alloc(10_000) });
  for (let i = 0; i < 5000; i++) {
    client.give(event("sample"), 0);
    client.give(event("market"), 0);
    client.give(event("log"), 0);
    if (i % 10 === 0) client.give(event("alert"), 0);
    client.beat();
  }
  expect(stuck.writableLength).toBeLessThan(stuck.writableHighWaterMark + 10_000);
  expect(client.waiting).toBe(MOST_WAITING + 2);
  expect(client.isStalled(29e9)).toBe(false);
  expect(client.isStalled(31e9)).toBe(true);
});

test("a page that was too slow goes on with the latest sample, and is told what it has missed", async () => {
  const served = await setUp();
  const { socket } = await openSleeper(served);
  await flood(served);
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (part: string) => {
    text += part;
  });
  socket.resume();
  await vi.waitUntil(() => text.includes('"seq":2120,'));
  const missed = [...text.matchAll(/event: behind\ndata: (.+)/g)].map(
    ([, json = ""]) => JSON.parse(json).sample as number,
  );
  const got = [...text.matchAll(/"seq":(\d+),/g)].length;
  expect(missed.length).toBeGreaterThan(0);
  expect(got + missed.reduce((sum, count) => sum + count, 0)).toBe(2001);
  socket.destroy();
});

test("a page that reads nothing for half a minute is dropped", async () => {
  const served = await setUp();
  const { clock } = served;
  const { socket, isGone } = await openSleeper(served);
  await flood(served);
  for (let second = 0; second < 32; second++) {
    await vi.waitUntil(() => clock.sleeping === 3);
    clock.advance({ ms: 1000 });
  }
  socket.resume();
  await vi.waitUntil(isGone);
});
