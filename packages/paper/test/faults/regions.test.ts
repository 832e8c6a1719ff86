import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, test } from "vitest";
import { createPaper, type PaperOptions, PortInUseError, parseRegions } from "../../src/index.ts";
import { failure, isSettledAfter, orderOf, setUp, turn } from "./set-up.ts";

const TWO = [{ name: "eu" }, { name: "us" }];

describe("regions", () => {
  test("are ports of their own over one engine: orders, books, ledger and weights", async () => {
    const { paper, restOf, open } = await setUp({ regions: TWO });
    expect(paper.regions.map(({ name }) => name)).toEqual(["eu", "us"]);
    expect(paper.regions[0]!.port).toBe(paper.port);
    expect(paper.regions[1]!.urls.rest).toBe(`http://127.0.0.1:${paper.regions[1]!.port}`);
    expect(paper.regions[1]!.port).not.toBe(paper.port);
    const [eu, us] = [restOf(0), restOf(1)];
    const stream = await open("/ws/aaausdt@bookTicker", 1);
    await eu.place({ newClientOrderId: "over-there" });
    await stream.until(({ u }) => u === 1);
    expect(await orderOf(us, "over-there")).toMatchObject({ status: "NEW" });
    const weight = async (rest: typeof eu) => Number((await rest.get("ping")).headers.get("x-mbx-used-weight-1m"));
    const before = await weight(eu);
    expect(await weight(us)).toBe(before + 1);
    expect(paper.acceptedOrders()).toHaveLength(1);
  });

  test("delay what they answer and send by their distance, in order", async () => {
    const { restOf, open, clock, pass, untilWaiting } = await setUp({
      regions: [{ name: "near" }, { name: "far", delayMs: 80 }],
    });
    const opening = open("/ws/aaausdt@bookTicker", 1);
    await untilWaiting();
    await pass(80);
    const stream = await opening;
    const far = restOf(1).get("ping");
    await untilWaiting();
    expect(await isSettledAfter(far, () => restOf(0).get("ping"))).toBe(false);
    await pass(80);
    expect((await far).status).toBe(200);
    await restOf(0).place({ price: "50" });
    await restOf(0).place({ price: "51" });
    await restOf(0).get("ping");
    expect(stream.messages).toEqual([]);
    await pass(80);
    await stream.until(({ u }) => u === 2);
    expect(stream.messages.map(({ u }) => u)).toEqual([1, 2]);
    expect(clock.sleeping).toBe(1);
  });

  test("jitter never puts frames out of order", async () => {
    const { restOf, open, pass, untilWaiting } = await setUp({
      regions: [{ name: "near" }, { name: "far", jitterMs: 40 }],
    });
    const opening = open("/ws/aaausdt@bookTicker", 1);
    await untilWaiting();
    await pass(41);
    const stream = await opening;
    for (let i = 0; i < 20; i++) {
      await restOf(0).place({ price: String(50 + i) });
      await pass(3);
    }
    await pass(41);
    await stream.until(({ u }) => u === 20);
    expect(stream.messages.map(({ u }) => u)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  test("regionDown refuses connections and ends live ones, and comes back on the same port", async () => {
    const { paper, restOf, open } = await setUp({ regions: TWO });
    const eu = await open("/ws/aaausdt@trade", 0);
    const us = await open("/ws/aaausdt@trade", 1);
    await restOf(0).get("ping");
    const fault = paper.faults.add({ kind: "regionDown", region: "eu" });
    expect((await eu.closed).code).toBe(1006);
    const refused = await failure(restOf(0).get("ping"));
    expect((refused.cause as NodeJS.ErrnoException).code).toBe("ECONNREFUSED");
    expect((await restOf(1).get("ping")).status).toBe(200);
    expect((await us.ask(1, "LIST_SUBSCRIPTIONS")).result).toEqual(["aaausdt@trade"]);
    fault.remove();
    while (!(await isUp(paper.port)));
    expect((await restOf(0).get("ping")).status).toBe(200);
  });

  test("regionDown ends by itself, and two of them are down until both have", async () => {
    const { paper, rest, pass } = await setUp();
    paper.faults.add({ kind: "regionDown", forMs: 1000 });
    const second = paper.faults.add({ kind: "regionDown" });
    await pass(1000);
    await failure(rest.get("ping"));
    second.remove();
    while (!(await isUp(paper.port)));
    expect((await rest.get("ping")).status).toBe(200);
  });

  test("regionSilent takes connections and requests, and nothing comes; nothing is done", async () => {
    const { paper, rest, restOf, open } = await setUp({ regions: TWO });
    const stream = await open("/ws/aaausdt@bookTicker", 0);
    const fault = paper.faults.add({ kind: "regionSilent", region: "eu" });
    const placing = rest.place({ newClientOrderId: "nowhere" });
    const opening = open("/ws", 0);
    let pongs = 0;
    stream.socket.on("pong", () => pongs++);
    stream.socket.ping();
    const us = restOf(1);
    const elsewhere = async () => {
      await us.place();
      for (let i = 0; i < 20; i++) await us.get("ping");
    };
    const settled = [isSettledAfter(placing, elsewhere), isSettledAfter(opening, elsewhere)];
    expect(await Promise.all(settled)).toEqual([false, false]);
    expect(await orderOf(us, "nowhere")).toBeUndefined();
    expect([stream.messages.length, pongs]).toEqual([0, 0]);
    fault.remove();
    await stream.until(({ u }) => u === 1);
    while (pongs === 0) await turn();
    expect((await rest.get("ping")).status).toBe(200);
  });

  test("clockSkew moves the server time of its region, and what it says of timestamps", async () => {
    const { paper, rest, restOf, open, signed, nowMs } = await setUp({ regions: TWO });
    const fault = paper.faults.add({ kind: "clockSkew", ms: 7000, region: "us" });
    const us = restOf(1);
    expect((await us.get("time")).body.serverTime).toBe(nowMs() + 7000);
    expect((await us.get("exchangeInfo")).body.serverTime).toBe(nowMs() + 7000);
    expect((await rest.get("time")).body.serverTime).toBe(nowMs());
    expect((await us.place()).body.code).toBe(-1021);
    const placed = await us.place({ timestamp: nowMs() + 7000 });
    expect(placed).toMatchObject({ status: 200, body: { transactTime: nowMs() } }); // the engine's time is right
    const api = await open("/ws-api/v3", 1);
    expect((await api.ask(1, "time")).result.serverTime).toBe(nowMs() + 7000);
    expect((await api.ask(2, "account.status", signed())).error.code).toBe(-1021);
    fault.remove();
    expect((await us.get("time")).body.serverTime).toBe(nowMs());
    expect((await us.place()).status).toBe(200);
    paper.faults.add({ kind: "clockSkew", ms: -3000 });
    expect((await us.place()).body.msg).toContain("1000ms ahead");
  });

  test("take the ports after the exchange's own", async () => {
    const free = await createPaper({ market: false, regions: TWO });
    const { port } = free;
    await free.close();
    const first = await createPaper({ market: false, regions: [{ name: "a", port }, { name: "b" }] });
    expect(first.regions[0]!.port).toBe(port);
    const second = createPaper({ market: false, regions: [{ name: "a" }, { name: "b", port }] });
    await expect(second).rejects.toThrow(PortInUseError);
    await first.close();
  });

  test.each<[PaperOptions, string]>([
    [{ regions: [] }, "regions must be 1 to 32"],
    [{ regions: [{ name: "a b" }] }, "regions[0].name"],
    [{ regions: [{ name: "a" }, { name: "a" }] }, "regions[1].name"],
    [{ regions: [{ name: "a", delayMs: -1 }] }, "regions[0].delayMs"],
    [{ regions: [{ name: "a", jitterMs: Number.NaN }] }, "regions[0].jitterMs"],
    [{ port: 65_535, regions: TWO }, "regions[1].port"],
    [{ connectionLifeMs: 1 }, "connectionLifeMs"],
    [{ faults: [{ kind: "drop", region: "mars" }] }, "fault.region must be one of local"],
    [{ faults: [{ kind: "drop", venue: "axiom" }] }, "needs venue axiom"],
    [{ faults: { plan: "chaos", rate: 0 } }, "faults.rate"],
  ])("refuses %j and names the option", async (options, text) => {
    const refused = createPaper(options);
    await expect(refused).rejects.toThrow(InvalidInputError);
    await expect(refused).rejects.toThrow(text);
  });

  test("are read from text", () => {
    expect(parseRegions("eu; us:delayMs=80,jitterMs=20,port=9001")).toEqual([
      { name: "eu" },
      { name: "us", delayMs: 80, jitterMs: 20, port: 9001 },
    ]);
    expect(() => parseRegions("us:delay=80")).toThrow('"delay=80" must be delayMs, jitterMs or port');
    expect(() => parseRegions("us:delayMs=soon")).toThrow(InvalidInputError);
  });
});

async function isUp(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/_paper/health`)).ok;
  } catch {
    await turn();
    return false;
  }
}
