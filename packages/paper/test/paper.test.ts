import { InvalidInputError, type Random } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { createPaper, DEFAULT_INSTRUMENTS, type PaperOptions, PortInUseError } from "../src/index.ts";
import { RestClient, SocketClient, signedParams } from "./client.ts";

test("names the port that is in use, and what to do about it", async () => {
  const first = await createPaper({ market: false });
  const second = createPaper({ market: false, port: first.port });
  await expect(second).rejects.toThrow(PortInUseError);
  await expect(second).rejects.toThrow(
    `port ${first.port} of 127.0.0.1 is in use: choose another port, or 0 for a free one`,
  );
  await first.close();
  const again = await createPaper({ market: false, port: first.port });
  expect(again.port).toBe(first.port);
  await again.close();
});

test.each<[PaperOptions, string]>([
  [{ port: 70_000 }, "port"],
  [{ port: 1.5 }, "port"],
  [{ seed: -1 }, "seed"],
  [{ instruments: [] }, "instruments"],
  [{ instruments: [{ ...DEFAULT_INSTRUMENTS[0]!, tickSize: "none" }] }, "tickSize"],
  [{ balances: { USDT: "-5" } }, "balances.USDT"],
  [{ makerFee: "1" }, "makerFee"],
  [{ takerFee: "a lot" }, "takerFee"],
  [{ replaySpeed: -1 }, "replaySpeed"],
  [{ limits: { ordersPerDay: 0 } }, "limits.ordersPerDay"],
  [{ publicKey: "none" }, "publicKey"],
  [
    { market: { model: "flash-crash" } as never },
    "market must be true or false, got object; its kind is the option model",
  ],
  [{ market: "no" as never }, 'market must be true or false, got "no"'],
  [{ modle: "flash-crash" } as never, "there is no option modle of createPaper: did you mean model?"],
  [{ Seed: 5 } as never, "there is no option Seed of createPaper: did you mean seed?"],
  [{ makerFees: "0" } as never, "there is no option makerFees of createPaper: did you mean makerFee?"],
  [{ instrument: [] } as never, "there is no option instrument of createPaper: did you mean instruments?"],
  [{ somethingElse: 1 } as never, "there is no option somethingElse of createPaper; there are host, port, regions"],
  [{ kept: { order: 5_000 } } as never, "there is no option kept.order of createPaper: did you mean kept.orders?"],
  [
    { accounts: [{ name: "a", balance: {} }] } as never,
    "there is no option accounts[0].balance of createPaper: did you mean",
  ],
  [{ regions: [{ name: "a", delay: 5 }] } as never, "there is no option regions[0].delay of createPaper: did you mean"],
  [
    { limits: { ordersPer10Second: 5 } } as never,
    "there is no option limits.ordersPer10Second of createPaper: did you mean",
  ],
  [{ axiom: "yes" } as never, 'axiom must be true, false or an object, got "yes"'],
  [{ axiom: { user: [] } } as never, "there is no option axiom.user of createPaper: did you mean axiom.users?"],
  [5 as never, "options must be an object, got 5"],
  [null as never, "options must be an object, got null"],
])("refuses %j and names the option", async (options, name) => {
  const refused = createPaper(options);
  await expect(refused).rejects.toThrow(InvalidInputError);
  await expect(refused).rejects.toThrow(name);
});

test("gives the demo account money, and a worthless key of the venue's form", async () => {
  const paper = await createPaper({ market: false });
  expect(paper.apiKey).toMatch(/^[a-zA-Z0-9]{64}$/);
  expect(paper.apiSecret).toMatch(/^[a-zA-Z0-9]{64}$/);
  expect(paper.urls).toEqual({
    rest: `http://127.0.0.1:${paper.port}`,
    stream: `ws://127.0.0.1:${paper.port}`,
    wsApi: `ws://127.0.0.1:${paper.port}/ws-api/v3`,
  });
  const { body } = await new RestClient(paper).signed("GET", "account");
  const free = Object.fromEntries(
    body.balances.map(({ asset, free }: { asset: string; free: string }) => [asset, free]),
  );
  expect(free).toEqual({
    AAA: "200.00000000",
    BBB: "8.00000000",
    CCC: "40000.00000000",
    DDD: "0.66666000",
    USDT: "100000.00000000",
  });
  await paper.close();
});

test("closes once and for all: connections, loops and server", async () => {
  const clock = new ManualClock();
  const paper = await createPaper({ clock });
  const stream = await SocketClient.open(`${paper.urls.stream}/ws/aaausdt@trade`);
  const api = await SocketClient.open(paper.urls.wsApi);
  expect(clock.sleeping).toBe(2); // the publisher and the model
  await Promise.all([paper.close(), paper.close()]);
  await paper.close();
  expect(clock.sleeping).toBe(0);
  await Promise.all([stream.closed, api.closed]);
  await expect(new RestClient(paper).get("ping")).rejects.toThrow("fetch failed");
});

test("does not replay what it does not have", async () => {
  const paper = await createPaper({ market: false });
  await expect(paper.replay()).rejects.toThrow("create the paper exchange with a recording");
  await paper.close();
});

test("the model trades by itself, the same for the same seed", async () => {
  const run = async (seed: number) => {
    const clock = new ManualClock();
    const paper = await createPaper({ seed, clock });
    const rest = new RestClient(paper);
    // Sleepers are woken one after the other: let each loop go back to sleep before time moves on.
    for (let ms = 0; ms < 4000; ms += 5) {
      clock.advance({ ms: 5 });
      for (let turns = 0; turns < 4; turns++) await Promise.resolve();
    }
    const { body } = await rest.get("trades", { symbol: "AAAUSDT", limit: 1000 });
    await paper.close();
    return body;
  };
  const first = await run(3);
  expect(first.length).toBeGreaterThan(20);
  expect(await run(3)).toEqual(first);
  expect(await run(4)).not.toEqual(first);
});

/** A random source that works until `fail` is called. */
function brokenRandom() {
  let isBroken = false;
  const draw = (value: number) => {
    if (isBroken) throw new Error("out of luck");
    return value;
  };
  const random: Random = {
    next: () => draw(0.5),
    integer: (min) => draw(min),
    normal: () => draw(0),
    exponential: (mean) => draw(mean),
    fork: () => random,
  };
  return {
    random,
    fail: () => {
      isBroken = true;
    },
  };
}

test("a failure of its own is told to onError, and to clients as 500 over HTTP and WebSocket", async () => {
  const { random, fail } = brokenRandom();
  const errors: string[] = [];
  const paper = await createPaper({ market: false, random, onError: ({ message }) => errors.push(message) });
  fail(); // an order without a client id needs one made
  const answer = await new RestClient(paper).place();
  expect(answer).toMatchObject({
    status: 500,
    body: { code: -1000, msg: "An unknown error occurred while processing the request." },
  });
  const api = await SocketClient.open(paper.urls.wsApi);
  const order = { symbol: "AAAUSDT", side: "BUY", type: "LIMIT", timeInForce: "GTC", quantity: "1", price: "50" };
  expect(await api.ask(1, "order.place", signedParams(paper, order))).toMatchObject({
    status: 500,
    error: { code: -1000 },
  });
  expect(errors).toEqual(["out of luck", "out of luck"]);
  expect(paper.acceptedOrders()).toEqual([]);
  await paper.close();
});

test("a market model that fails is told to onError, and the exchange goes on", async () => {
  const { random, fail } = brokenRandom();
  let onError: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => {
    onError = resolve;
  });
  const paper = await createPaper({ random, onError: (error) => onError(error) });
  fail();
  expect((await failed).message).toBe("out of luck");
  expect((await new RestClient(paper).get("depth", { symbol: "AAAUSDT", limit: 5 })).body.bids).toHaveLength(5);
  await paper.close();
});
