import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, test } from "vitest";
import { createPaper } from "../../src/index.ts";
import { setUp } from "./set-up.ts";

async function setUpMarket(options: Parameters<typeof setUp>[0] = {}) {
  const parts = await setUp({ market: true, seed: 3, ...options });
  const mid = async (symbol = "AAAUSDT") => {
    const { bidPrice, askPrice } = (await parts.rest.get("ticker/bookTicker", { symbol })).body;
    return (Number(bidPrice) + Number(askPrice)) / 2;
  };
  /** Id of the last trade: how many there have been. */
  const trades = async (symbol = "AAAUSDT") =>
    Number((await parts.rest.get("trades", { symbol, limit: 1 })).body.at(-1)?.id ?? -1) + 1;
  return { ...parts, mid, trades };
}

describe("flood", () => {
  test("makes so many trades a second more, each its own, for as long as it lasts, on the streams of every region", async () => {
    const { paper, open, pass, trades } = await setUpMarket({ regions: [{ name: "eu" }, { name: "us" }] });
    await pass(1000);
    const calm = await trades();
    const streams = [await open("/ws/aaausdt@trade", 0), await open("/ws/aaausdt@trade", 1)];
    const fault = paper.faults.add({ kind: "flood", tradesPerSecond: 2000, symbol: "AAAUSDT" });
    await pass(2000);
    expect(fault.hits).toBeGreaterThan(3600);
    expect(fault.hits).toBeLessThan(4400);
    fault.remove();
    const { hits } = fault;
    const until = await trades();
    expect(until - calm).toBeGreaterThanOrEqual(hits);
    for (const stream of streams) {
      const heard = await stream.until(({ t }) => t === until - 1).then(() => stream.messages.map(({ t }) => t));
      expect(heard).toEqual(Array.from({ length: until - calm }, (_, i) => calm + i));
    }
    await pass(1000);
    expect((await trades()) - until).toBeLessThan(200);
    expect([fault.hits, await trades("BBBUSDT")]).toEqual([hits, expect.any(Number)]);
    expect(await trades("BBBUSDT")).toBeLessThan(400);
  });

  test("of all instruments ends after so many trades", async () => {
    const { paper, pass } = await setUpMarket();
    const fault = paper.faults.add({ kind: "flood", tradesPerSecond: 1000, count: 100 });
    await pass(500);
    expect(fault).toMatchObject({ hits: 100, state: "over" });
  });

  test("leaves the price where the model has it", async () => {
    const midsOf = async (isFlooded: boolean) => {
      const { paper, pass, mid } = await setUpMarket();
      if (isFlooded) paper.faults.add({ kind: "flood", tradesPerSecond: 500, forMs: 2000 });
      const mids: number[] = [];
      for (let i = 0; i < 20; i++) {
        await pass(150);
        mids.push(await mid(), await mid("CCCUSDT"));
      }
      return mids;
    };
    expect(await midsOf(true)).toEqual(await midsOf(false));
  });
});

describe("priceMove", () => {
  test("moves the price there and, when it ends, back", async () => {
    const { paper, pass, mid } = await setUpMarket();
    await pass(500);
    const [before, other] = [await mid(), await mid("BBBUSDT")];
    const fault = paper.faults.add({ kind: "priceMove", by: -0.2, overMs: 500, symbol: "AAAUSDT" });
    await pass(1000);
    expect((await mid()) / before).toBeCloseTo(0.8, 1);
    expect((await mid("BBBUSDT")) / other).toBeCloseTo(1, 1);
    const second = paper.faults.add({ kind: "priceMove", by: -0.5, overMs: 0, forMs: 1000 });
    await pass(500);
    expect((await mid()) / before).toBeCloseTo(0.4, 1);
    await pass(1000);
    expect((await mid()) / before).toBeCloseTo(0.8, 1);
    fault.remove();
    await pass(1000);
    expect((await mid()) / before).toBeCloseTo(1, 1);
    expect([fault.hits, second.hits, second.state]).toEqual([1, 4, "over"]);
  });

  test("trades at the new price, with whoever had an order on the way", async () => {
    const { paper, rest, pass } = await setUpMarket();
    await pass(200);
    const { body } = await rest.place({ price: "90" });
    expect(body.status).toBe("NEW");
    paper.faults.add({ kind: "priceMove", by: -0.15, overMs: 200 });
    await pass(1000);
    const order = await rest.signed("GET", "order", { symbol: "AAAUSDT", orderId: body.orderId });
    expect(order.body.status).toBe("FILLED");
  });
});

describe("faults of the market", () => {
  test.each([
    [{ market: false }, { kind: "flood", tradesPerSecond: 10 }, "fault flood needs the market model"],
    [
      {},
      { kind: "priceMove", by: 0.1, symbol: "XYZ" },
      'fault.symbol must be one of AAAUSDT, BBBUSDT, CCCUSDT, DDDUSDT; got "XYZ"',
    ],
  ] as const)("%j refuses %j at the start and later, and says what is right", async (options, fault, text) => {
    await expect(createPaper({ ...options, faults: [fault] })).rejects.toThrow(InvalidInputError);
    const { paper } = await setUpMarket(options);
    expect(() => paper.faults.add(fault)).toThrow(text);
    expect(paper.faults.list()).toEqual([]);
  });

  test("come over HTTP and among the options, wait for their time, and end with all others", async () => {
    const { paper, pass, trades } = await setUpMarket({
      faults: [{ kind: "flood", tradesPerSecond: 1000, afterMs: 500 }],
    });
    await pass(450);
    expect(await trades()).toBeLessThan(100);
    const added = await fetch(`${paper.urls.rest}/_paper/faults`, {
      method: "POST",
      body: JSON.stringify({ kind: "flood", tradesPerSecond: 500, symbol: "AAAUSDT" }),
    });
    expect(added.status).toBe(201);
    await pass(1000);
    expect(await trades()).toBeGreaterThan(1000);
    paper.faults.clear();
    const ended = await trades();
    await pass(1000);
    expect((await trades()) - ended).toBeLessThan(200);
  });
});
