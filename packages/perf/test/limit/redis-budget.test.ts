import { Redis } from "iovalkey";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSystemClock, InvalidInputError } from "../../src/index.ts";
import { BudgetUnavailableError, RedisBudget, type RedisBudgetOptions, TakeQueue } from "../../src/limit/index.ts";
import { hasRedisServer, type RedisServer, startRedisServer } from "./redis-server.ts";

function budgetThatGets(answer: () => Promise<unknown>): RedisBudget {
  return new RedisBudget({ key: "orders", capacity: 2, tokensPerSecond: 1, evalScript: answer });
}

test("fails closed, with the cause, when the server cannot be asked", async () => {
  const cause = new Error("connection refused");
  const error = await budgetThatGets(() => Promise.reject(cause))
    .tryTake()
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BudgetUnavailableError);
  expect(error).toMatchObject({ code: "BUDGET_UNAVAILABLE", retryable: true, cause });
});

test("admits nothing on an answer the script never gives", async () => {
  for (const answer of [null, "0", -1, 0.5, undefined]) {
    await expect(budgetThatGets(async () => answer).tryTake()).rejects.toThrow(BudgetUnavailableError);
  }
});

test("refuses options and costs outside their ranges, before anything is asked", async () => {
  const options = { key: "a", capacity: 1, tokensPerSecond: 1, evalScript: async () => 0 };
  expect(() => new RedisBudget({ ...options, key: "" })).toThrow(InvalidInputError);
  expect(() => new RedisBudget({ ...options, capacity: 0 })).toThrow(InvalidInputError);
  expect(() => new RedisBudget({ ...options, tokensPerSecond: 1e6 })).toThrow(InvalidInputError);
  const budget = budgetThatGets(() => Promise.reject(new Error("was asked")));
  await expect(budget.tryTake(3)).rejects.toThrow(InvalidInputError);
  await expect(budget.waitMs(-1)).rejects.toThrow(InvalidInputError);
});

describe.skipIf(!hasRedisServer)("on a server (skipped where redis-server is not installed)", () => {
  let server: RedisServer;
  const clients: Redis[] = [];

  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await server.stop();
  });

  function connect(options: Omit<RedisBudgetOptions, "evalScript">): { redis: Redis; budget: RedisBudget } {
    const redis = new Redis({ path: server.path });
    clients.push(redis);
    const evalScript: RedisBudgetOptions["evalScript"] = (script, keys, args) =>
      redis.eval(script, keys.length, ...keys, ...args);
    return { redis, budget: new RedisBudget({ ...options, evalScript }) };
  }

  async function serverNowUs(redis: Redis): Promise<number> {
    const [seconds, us] = await redis.time();
    return Number(seconds) * 1e6 + Number(us);
  }

  test("clients that race never admit more than capacity and rate, by the server's own clock", async () => {
    const limit = { key: "race", capacity: 20, tokensPerSecond: 2000 };
    const connected = [connect(limit), connect(limit), connect(limit)];
    const { redis } = connected[0] as (typeof connected)[number];
    await Promise.all(connected.map((client) => client.redis.ping()));
    const startedUs = await serverNowUs(redis);
    let admitted = 0;
    const race = connected.flatMap(({ budget }) =>
      Array.from({ length: 200 }, async () => {
        for (let i = 0; i < 5; i++) if (await budget.tryTake()) admitted += 1;
      }),
    );
    await Promise.all(race);
    const elapsedS = ((await serverNowUs(redis)) - startedUs) / 1e6;
    expect(admitted).toBeLessThanOrEqual(20 + 2000 * elapsedS);
    expect(admitted).toBeGreaterThanOrEqual(20);
  });

  test("a burst is admitted whole, a wait is told, and a look takes nothing", async () => {
    const { budget, redis } = connect({ key: "burst", capacity: 5, tokensPerSecond: 0.01 });
    expect(await budget.waitMs(5)).toBe(0);
    expect(await redis.exists("burst")).toBe(0);
    expect(await budget.tryTake(3)).toBe(true);
    expect(await budget.tryTake(3)).toBe(false);
    const waitMs = await budget.waitMs(3);
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(100_000);
    expect(await budget.tryTake(2)).toBe(true);
  });

  test("keeps the whole microsecond, and nothing of a bucket that is full", async () => {
    const { budget, redis } = connect({ key: "exact", capacity: 100, tokensPerSecond: 10 });
    const beforeUs = await serverNowUs(redis);
    await budget.tryTake(100);
    const fullAtUs = Number(await redis.get("exact"));
    expect(fullAtUs).toBeGreaterThanOrEqual(beforeUs + 1e7);
    expect(fullAtUs).toBeLessThanOrEqual((await serverNowUs(redis)) + 1e7);
    expect(await redis.pttl("exact")).toBeLessThanOrEqual(10_000);
    expect(await budget.tryTake(0)).toBe(true);
  });

  test("a queue before it lets callers of two processes wait for their turns", async () => {
    const limit = { key: "queue", capacity: 2, tokensPerSecond: 200 };
    const clock = createSystemClock();
    const { budget, redis } = connect(limit);
    const queues = [budget, connect(limit).budget].map((source) => new TakeQueue({ source, maxWaiting: 50, clock }));
    await redis.ping();
    const startedUs = await serverNowUs(redis);
    await Promise.all(queues.flatMap((queue) => Array.from({ length: 20 }, () => queue.take())));
    const elapsedS = ((await serverNowUs(redis)) - startedUs) / 1e6;
    expect(2 + 200 * elapsedS).toBeGreaterThanOrEqual(40);
  });
});
