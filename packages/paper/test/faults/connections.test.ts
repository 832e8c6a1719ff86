import { expect, test } from "vitest";
import { failure, ORDER, orderOf, setUp, turn } from "./set-up.ts";

test("silent: the socket stays open, and neither frames nor pongs come", async () => {
  const { paper, rest, open } = await setUp();
  const client = await open("/ws/aaausdt@bookTicker");
  let pongs = 0;
  client.socket.on("pong", () => pongs++);
  const fault = paper.faults.add({ kind: "silent", route: "/ws" });
  client.socket.ping();
  await rest.place();
  await rest.place({ price: "51" });
  await turn();
  expect(client.messages).toEqual([]);
  fault.remove();
  client.socket.ping();
  await rest.place({ price: "52" });
  await client.until(() => true);
  while (pongs === 0) await turn();
  expect(client.messages.map(({ u }) => u)).toEqual([3]); // what was silent is lost
  expect(pongs).toBe(1);
});

test("silent with pings answers them all the same", async () => {
  const { paper, rest, open } = await setUp();
  const client = await open("/ws/aaausdt@bookTicker");
  paper.faults.add({ kind: "silent", pings: true });
  await rest.place();
  const ponged = new Promise((resolve) => client.socket.once("pong", resolve));
  client.socket.ping();
  await ponged;
  expect(client.messages).toEqual([]);
});

test("silent of one stream leaves the others, and sockets opened later are silent too", async () => {
  const { paper, rest, open } = await setUp();
  const streams = "/stream?streams=aaausdt@bookTicker/bbbusdt@bookTicker";
  const first = await open(streams);
  paper.faults.add({ kind: "silent", route: "aaausdt@bookTicker" });
  const second = await open(streams);
  await rest.place();
  await rest.place({ symbol: "BBBUSDT", price: "2000" });
  for (const client of [first, second]) {
    await client.until(() => true);
    expect(client.messages.map(({ stream }) => stream)).toEqual(["bbbusdt@bookTicker"]);
  }
});

test("silent with a count takes so many sockets, and holds on to them", async () => {
  const { paper, rest, open } = await setUp();
  const first = await open("/ws/aaausdt@bookTicker");
  const second = await open("/ws/aaausdt@bookTicker");
  const fault = paper.faults.add({ kind: "silent", count: 1 });
  const third = await open("/ws/aaausdt@bookTicker");
  await rest.place();
  for (const client of [second, third]) await client.until(() => true);
  expect(first.messages).toEqual([]);
  expect(fault).toMatchObject({ hits: 1, state: "active" });
});

test("halfOpen: nothing is read and nothing written; what waited goes on when it ends", async () => {
  const { paper, rest, open, signed } = await setUp();
  const api = await open("/ws-api/v3");
  await api.ask(1, "userDataStream.subscribe.signature", signed());
  const fault = paper.faults.add({ kind: "halfOpen", route: "/ws-api/v3" });
  let pongs = 0;
  api.socket.on("pong", () => pongs++);
  api.socket.ping();
  api.send({ id: 2, method: "order.place", params: signed({ ...ORDER, newClientOrderId: "held" }) });
  await rest.place({ newClientOrderId: "other" });
  await rest.get("ping");
  expect(await orderOf(rest, "held")).toBeUndefined();
  expect(api.messages).toHaveLength(1);
  expect(pongs).toBe(0);
  fault.remove();
  await api.until(({ id }) => id === 2);
  expect(await orderOf(rest, "held")).toMatchObject({ status: "NEW" });
  expect(api.messages.filter(({ event }) => event?.c === "other")).toHaveLength(1);
  expect(pongs).toBe(1);
});

test("close ends the sockets that are open, with code and reason, and no later one", async () => {
  const { paper, open } = await setUp();
  const stream = await open("/ws/aaausdt@trade");
  const api = await open("/ws-api/v3");
  const fault = paper.faults.add({ kind: "close", code: 1012, reason: "service restart", route: "/ws" });
  expect(await stream.closed).toEqual({ code: 1012, reason: "service restart" });
  expect((await api.ask(1, "ping")).status).toBe(200);
  expect(fault).toMatchObject({ state: "over", hits: 1 });
  const again = await open("/ws");
  expect((await again.ask(1, "LIST_SUBSCRIPTIONS")).result).toEqual([]);
});

test("recycle tells each kind of socket in its way, then closes it with 1001", async () => {
  const { paper, open, pass, nowMs } = await setUp();
  const raw = await open("/ws");
  const combined = await open("/stream");
  const api = await open("/ws-api/v3");
  const E = nowMs();
  paper.faults.add({ kind: "recycle", noticeMs: 500 });
  expect(await raw.until(() => true)).toEqual([{ e: "serverShutdown", E }]);
  expect(await combined.until(() => true)).toEqual([{ stream: "!serverShutdown", data: { e: "serverShutdown", E } }]);
  expect(await api.until(() => true)).toEqual([{ event: { e: "serverShutdown", E } }]);
  expect((await raw.ask(1, "LIST_SUBSCRIPTIONS")).result).toEqual([]); // it still serves
  await pass(500);
  for (const client of [raw, combined, api]) expect((await client.closed).code).toBe(1001);
});

test("a socket lives as long as it may, is told, and ends", async () => {
  const { open, pass } = await setUp({ connectionLifeMs: 10_000 });
  const old = await open("/ws");
  await pass(8800);
  const young = await open("/ws");
  expect((await old.ask(1, "LIST_SUBSCRIPTIONS")).result).toEqual([]);
  expect(old.messages).toHaveLength(1);
  await pass(300); // a tenth of its life is left
  expect((await old.until(({ e }) => e === "serverShutdown")).length).toBe(1);
  await pass(1000);
  expect((await old.closed).code).toBe(1001);
  expect((await young.ask(1, "LIST_SUBSCRIPTIONS")).result).toEqual([]);
  expect(young.messages).toHaveLength(1);
});

test("faults that hold sockets end with the exchange", async () => {
  const { paper, open } = await setUp();
  const client = await open("/ws");
  paper.faults.add({ kind: "halfOpen" });
  paper.faults.add({ kind: "delay", ms: 1000, on: "request" });
  await paper.close();
  expect((await client.closed).code).toBe(1006);
  expect((await failure(fetch(`${paper.urls.rest}/api/v3/ping`))).message).toBe("fetch failed");
});
