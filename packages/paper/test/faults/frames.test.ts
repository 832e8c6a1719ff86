import { describe, expect, test } from "vitest";
import { createPaper, type Fault } from "../../src/index.ts";
import { SocketClient } from "../client.ts";
import { ORDER, setUp } from "./set-up.ts";

/** A stream of AAAUSDT's best prices, of which every order in `place` makes one event. */
async function stream() {
  const parts = await setUp();
  const client = await parts.open("/ws/aaausdt@bookTicker");
  let price = 50;
  const place = async (count = 1) => {
    for (let i = 0; i < count; i++) await parts.rest.place({ price: String(price++) });
  };
  const ids = () => client.messages.map(({ u }) => u);
  /** The ids of what has come when the answer to a control message has: everything before it in the stream. */
  const idsSoFar = async () => {
    const id = client.messages.length + 1000;
    await client.ask(id, "LIST_SUBSCRIPTIONS");
    return ids().filter((u) => u !== undefined);
  };
  return { ...parts, client, place, ids, idsSoFar };
}

describe("frames", () => {
  test("drop loses them, and only them", async () => {
    const { paper, place, idsSoFar } = await stream();
    await place();
    const fault = paper.faults.add({ kind: "drop", route: "aaausdt@bookTicker", count: 2 });
    await place(3);
    expect(await idsSoFar()).toEqual([1, 4]);
    expect(fault).toMatchObject({ hits: 2, state: "over" });
  });

  test("duplicate sends them twice", async () => {
    const { paper, place, idsSoFar } = await stream();
    paper.faults.add({ kind: "duplicate", route: "aaausdt", count: 1 });
    await place(2);
    expect(await idsSoFar()).toEqual([1, 1, 2]);
  });

  test("reorder lets later ones overtake", async () => {
    const { paper, place, idsSoFar } = await stream();
    paper.faults.add({ kind: "reorder", by: 2, route: "aaausdt@bookTicker", count: 1 });
    await place(4);
    expect(await idsSoFar()).toEqual([2, 3, 1, 4]);
  });

  test("what waits to be overtaken comes when the fault ends", async () => {
    const { paper, place, idsSoFar, client } = await stream();
    const fault = paper.faults.add({ kind: "reorder", by: 5, route: "aaausdt@bookTicker", count: 2 });
    await place(1);
    fault.remove();
    await client.until(({ u }) => u === 1);
    await place(1);
    expect(await idsSoFar()).toEqual([1, 2]);
  });

  test("corrupt flips one bit, and the frame is still text", async () => {
    const { paper, place, client } = await stream();
    await place();
    const [good] = await client.until(({ u }) => u === 1);
    paper.faults.add({ kind: "corrupt", route: "aaausdt@bookTicker", count: 1 });
    const raw: { data: Buffer; isBinary: boolean }[] = [];
    client.socket.removeAllListeners("message");
    const come = new Promise<void>((resolve) => {
      client.socket.on("message", (data: Buffer, isBinary: boolean) => {
        raw.push({ data, isBinary });
        resolve();
      });
    });
    await place();
    await come;
    const expected = Buffer.from(JSON.stringify({ ...good, u: 2, b: "51.00000000" }));
    const { data, isBinary } = raw[0]!;
    expect(isBinary).toBe(false);
    expect(data.length).toBe(expected.length);
    let bits = 0;
    for (let i = 0; i < data.length; i++) {
      const difference = data[i]! ^ expected[i]!;
      if (difference === 0) continue;
      bits++;
      expect(difference & (difference - 1)).toBe(0);
    }
    expect(bits).toBe(1);
  });

  test("corrupt truncates", async () => {
    const { paper, place, client } = await stream();
    client.socket.removeAllListeners("message");
    const come = new Promise<string>((resolve) => {
      client.socket.once("message", (data: Buffer) => resolve(data.toString()));
    });
    paper.faults.add({ kind: "corrupt", mode: "truncate", route: "aaausdt@bookTicker", count: 1 });
    await place();
    const text = await come;
    const whole = '{"u":1,"s":"AAAUSDT","b":"50.00000000","B":"1.00000000","a":"0.00000000","A":"0.00000000"}';
    expect(whole.startsWith(text)).toBe(true);
    expect(text.length).toBeLessThan(whole.length);
  });

  test("delay holds them back in their order, and what follows behind them", async () => {
    const { paper, place, ids, client, pass, rest } = await stream();
    paper.faults.add({ kind: "delay", ms: 200, route: "aaausdt@bookTicker", count: 1 });
    await place(3);
    await rest.get("ping");
    expect(ids()).toEqual([]);
    await pass(199);
    await rest.get("ping");
    expect(ids()).toEqual([]);
    await pass(1);
    await client.until(({ u }) => u === 3);
    expect(ids()).toEqual([1, 2, 3]);
  });

  test("a fault of one stream leaves the other streams of its socket alone", async () => {
    const { paper, rest, open } = await setUp();
    const client = await open("/stream?streams=aaausdt@bookTicker/bbbusdt@bookTicker");
    paper.faults.add({ kind: "drop", route: "aaausdt" });
    await rest.place();
    await rest.place({ symbol: "BBBUSDT", price: "2000" });
    await client.until(({ stream: name }) => name === "bbbusdt@bookTicker");
    expect(client.messages.map(({ stream: name }) => name)).toEqual(["bbbusdt@bookTicker"]);
  });

  test("a path hits all that goes over it, and no other socket", async () => {
    const { paper, rest, open, signed } = await setUp();
    const raw = await open("/ws/aaausdt@bookTicker");
    const combined = await open("/stream?streams=aaausdt@bookTicker");
    const api = await open("/ws-api/v3");
    paper.faults.add({ kind: "drop", route: "/ws" });
    await rest.place();
    await combined.until(() => true);
    expect((await api.ask(1, "order.place", signed(ORDER))).status).toBe(200);
    await combined.until(() => true, 2);
    expect(raw.messages).toEqual([]);
  });

  test("user events can be lost and doubled while the answers come", async () => {
    const { paper, open, signed } = await setUp();
    const api = await open("/ws-api/v3");
    await api.ask(1, "userDataStream.subscribe.signature", signed());
    paper.faults.add({ kind: "drop", route: "user.outboundAccountPosition" });
    paper.faults.add({ kind: "duplicate", route: "user.executionReport", count: 1 });
    expect((await api.ask(2, "order.place", signed(ORDER))).status).toBe(200);
    expect(api.messages.map(({ id, event }) => id ?? event.e)).toEqual([1, "executionReport", "executionReport", 2]);
  });

  test("answers of the WebSocket API are frames: one method's can be lost", async () => {
    const { paper, open } = await setUp();
    const api = await open("/ws-api/v3");
    paper.faults.add({ kind: "drop", route: "time", count: 1 });
    api.send({ id: 1, method: "time" });
    await api.ask(2, "ping");
    expect(api.messages.map(({ id }) => id)).toEqual([2]);
  });

  test("after they are cleared everything comes as before", async () => {
    const { paper, place, idsSoFar, pass } = await stream();
    const kinds: Fault[] = [
      { kind: "drop", probability: 0.5 },
      { kind: "duplicate", probability: 0.5 },
      { kind: "reorder", by: 3, probability: 0.5 },
      { kind: "delay", ms: 1, probability: 0.5 },
    ];
    for (const fault of kinds) paper.faults.add({ ...fault, route: "aaausdt@bookTicker" } as Fault);
    await place(10);
    paper.faults.clear();
    await pass(2);
    await place(5);
    expect((await idsSoFar()).slice(-5)).toEqual([11, 12, 13, 14, 15]);
  });
});

test("the same seed hurts the same frames", async () => {
  const run = async (seed: number) => {
    const paper = await createPaper({ market: false, seed });
    const client = await SocketClient.open(`${paper.urls.stream}/ws`);
    paper.faults.add({ kind: "drop", probability: 0.4, route: "LIST_SUBSCRIPTIONS" });
    for (let id = 0; id < 4; id++) client.send({ id, method: "LIST_SUBSCRIPTIONS" });
    client.send({ id: 99, method: "GET_PROPERTY", params: ["combined"] });
    await client.until(({ id }) => id === 99);
    const found = client.messages.map(({ id }) => id);
    client.close();
    await paper.close();
    return found;
  };
  const runs = [await run(1), await run(1), await run(2), await run(3), await run(4)];
  expect(runs[1]).toEqual(runs[0]);
  expect(new Set(runs.map(String)).size).toBeGreaterThan(1);
});
