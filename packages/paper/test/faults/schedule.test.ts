import { InvalidInputError } from "@pitlane/perf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chaosFaults } from "../../src/faults/chaos.ts";
import { checkFault, FAULT_OPTIONS } from "../../src/faults/check.ts";
import { type ChaosPlan, createPaper, type Fault, formatFault, parseFault } from "../../src/index.ts";
import { setUp } from "./set-up.ts";

describe("a fault", () => {
  test("waits for its time, lasts for its time, and is listed all the while", async () => {
    const { paper, rest, pass } = await setUp();
    const fault = paper.faults.add({ kind: "error", status: 500, afterMs: 100, forMs: 200 });
    const seen = async () => [(await rest.get("ping")).status, paper.faults.list().map(({ state }) => state)];
    expect(await seen()).toEqual([200, ["waiting"]]);
    await pass(100);
    expect(await seen()).toEqual([500, ["active"]]);
    await pass(200);
    expect(await seen()).toEqual([200, ["over"]]);
    expect(fault.hits).toBe(1);
  });

  test("can be removed while it waits and while it is active, and again", async () => {
    const { paper, rest, clock, pass } = await setUp();
    const waiting = paper.faults.add({ kind: "error", status: 500, afterMs: 100 });
    const active = paper.faults.add({ kind: "error", status: 502, forMs: 5000 });
    expect((await rest.get("ping")).status).toBe(502);
    active.remove();
    active.remove();
    waiting.remove();
    await pass(100);
    expect((await rest.get("ping")).status).toBe(200);
    expect(waiting).toMatchObject({ state: "over", hits: 0 });
    await pass(5000);
    expect(clock.sleeping).toBe(1);
  });

  test("that is cleared with all others leaves nothing behind", async () => {
    const { paper, rest } = await setUp();
    paper.faults.add({ kind: "error", status: 500 });
    paper.faults.add({ kind: "regionDown", afterMs: 1000 });
    paper.faults.clear();
    expect((await rest.get("ping")).status).toBe(200);
    expect(paper.faults.list().map(({ state }) => state)).toEqual(["over", "over"]);
  });

  test("given at the start strikes from the start", async () => {
    const { rest } = await setUp({ faults: [{ kind: "error", status: 502, route: "GET /api/v3/ping" }] });
    expect((await rest.get("ping")).status).toBe(502);
    expect((await rest.get("time")).status).toBe(200);
  });

  test("that many have been added is no more taken", async () => {
    const { paper } = await setUp();
    for (let i = 0; i < 20_000; i++) paper.faults.add({ kind: "drop", afterMs: 1000 });
    expect(() => paper.faults.add({ kind: "drop" })).toThrow("20000 faults already");
  });
});

describe("what a fault must be", () => {
  test.each<[unknown, string]>([
    [undefined, "fault must be an object with a kind"],
    [{}, "fault.kind must be one of delay, error"],
    [{ kind: "toString" }, "fault.kind must be one of"],
    [{ kind: "delay" }, "fault.ms or fault.jitterMs must be above 0"],
    [{ kind: "delay", ms: -1 }, "fault.ms must be a number from 0 to 3600000, got -1"],
    [{ kind: "delay", ms: "5" }, "fault.ms must be a number"],
    [{ kind: "delay", ms: 5, on: "frames" }, "fault.on must be answer or request"],
    [{ kind: "error" }, "fault.status is missing"],
    [{ kind: "error", status: 200 }, "fault.status must be a number from 400 to 599"],
    [{ kind: "error", status: 500, acted: 1 }, "fault.acted must be true or false"],
    [{ kind: "rateLimit", status: 420 }, "fault.status must be 429 or 418"],
    [{ kind: "drop", count: 0 }, "fault.count"],
    [{ kind: "drop", probability: 0 }, "fault.probability"],
    [{ kind: "drop", probability: 1.1 }, "fault.probability"],
    [{ kind: "drop", often: true }, "fault.often is unknown: a fault of kind drop has the options route, count"],
    [{ kind: "drop", route: 5 }, "fault.route must be text"],
    [{ kind: "close", code: 1005 }, "fault.code must be 1000 to 1003"],
    [{ kind: "close", reason: "x".repeat(124) }, "fault.reason must be text of at most 123 bytes"],
    [{ kind: "close", forMs: 5 }, "fault.forMs is unknown"],
    [{ kind: "close", route: "aaausdt@trade" }, "must be the path of a WebSocket"],
    [{ kind: "regionDown", route: "/ws" }, "fault.route is unknown"],
    [{ kind: "clockSkew", ms: 0 }, "fault.ms must not be 0"],
    [{ kind: "clockSkew" }, "fault.ms is missing"],
    [{ kind: "weightUsed" }, "fault.weight is missing"],
    [{ kind: "weightUsed", weight: 0 }, "fault.weight must be a number from 1 to"],
    [{ kind: "weightUsed", weight: 1, venue: "axiom" }, "fault.venue must be binance"],
    [{ kind: "tokensExpired", venue: "binance" }, "fault.venue must be axiom"],
    [{ kind: "turnstile", venue: "binance" }, "fault.venue must be axiom"],
    [{ kind: "priceMove" }, "fault.by is missing"],
    [{ kind: "priceMove", by: 0 }, "fault.by must not be 0"],
    [{ kind: "priceMove", by: -1 }, "fault.by must be a number from -0.99 to 10"],
    [
      { kind: "priceMove", by: 1, region: "local" },
      "fault.region is unknown: a fault of kind priceMove has the options by",
    ],
    [{ kind: "flood" }, "fault.tradesPerSecond is missing"],
    [{ kind: "flood", tradesPerSecond: 10_001 }, "fault.tradesPerSecond must be a number from 1 to 10000"],
    [{ kind: "flood", tradesPerSecond: 1, probability: 0.5 }, "fault.probability is unknown"],
  ])("%j is refused, by name", (value, text) => {
    expect(() => checkFault(value)).toThrow(InvalidInputError);
    expect(() => checkFault(value)).toThrow(text);
  });

  test("is told of a fault among the options by its place", async () => {
    const faults = [{ kind: "drop" }, { kind: "drop", count: 1.5 }] as const;
    await expect(createPaper({ faults })).rejects.toThrow("faults[1].count must be a whole number");
  });
});

describe("text", () => {
  test.each<[string, unknown]>([
    ["drop", { kind: "drop" }],
    ["delay:ms=200,jitterMs=50", { kind: "delay", ms: 200, jitterMs: 50 }],
    [
      "error:status=503, route=POST /api/v3/order, acted=true, msg=a: b=c",
      { kind: "error", status: 503, route: "POST /api/v3/order", acted: true, msg: "a: b=c" },
    ],
    ["rateLimit:status=418", { kind: "rateLimit", status: 418 }],
    ["weightUsed:weight=5400,region=us", { kind: "weightUsed", weight: 5400, region: "us" }],
    ["priceMove:by=-0.1,overMs=500,symbol=AAAUSDT", { kind: "priceMove", by: -0.1, overMs: 500, symbol: "AAAUSDT" }],
    ["flood:tradesPerSecond=1000,forMs=5000", { kind: "flood", tradesPerSecond: 1000, forMs: 5000 }],
    ['{"kind":"close","code":1008,"reason":"one, two"}', { kind: "close", code: 1008, reason: "one, two" }],
    ["chaos:seed=7,rate=20,forMs=60000", { plan: "chaos", seed: 7, rate: 20, forMs: 60_000 }],
  ])("%s", (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  test.each([
    ["boom", "fault.kind must be one of"],
    ["delay:200", '"200" must be option=value'],
    ["delay:ms=soon", "fault.ms must be a whole number from 0 to 3600000, got soon|fault.ms must be a number"],
    ["delay:ms=5,ms=6", 'fault "delay": ms is given twice'],
    ["error:status=500,acted=yes", 'fault.acted must be true or false, got "yes"'],
    ["chaos:rate=0", "faults.rate"],
    ["chaos:speed=1", "faults.speed is unknown"],
    ["{oops", "must be kind:option=value,... or one JSON object"],
  ])("%s is refused, and says what is right", (text, message) => {
    expect(() => parseFault(text)).toThrow(InvalidInputError);
    expect(() => parseFault(text)).toThrow(new RegExp(message.replace(/[.*+?^${}()[\]]/g, "\\$&")));
  });

  test("of any fault reads back as that fault", () => {
    const anyOf = (rule: (typeof FAULT_OPTIONS)["drop"][string]): fc.Arbitrary<unknown> => {
      switch (rule.type) {
        case "integer":
          return fc.integer({ min: rule.min, max: rule.max });
        case "number":
          return fc.double({ min: rule.min, max: rule.max, noNaN: true });
        case "boolean":
          return fc.boolean();
        case "choice":
          return fc.constantFrom(...rule.of);
        case "text":
          return fc.string({ maxLength: 20 });
      }
    };
    const faults = fc.constantFrom(...Object.entries(FAULT_OPTIONS)).chain(([kind, options]) =>
      fc
        .record(Object.fromEntries(Object.entries(options).map(([name, rule]) => [name, anyOf(rule)])), {
          requiredKeys: [],
        })
        .map((values) => ({ kind, ...values })),
    );
    let checked = 0;
    fc.assert(
      fc.property(faults, (value) => {
        let fault: Fault;
        try {
          fault = checkFault(value);
        } catch (error) {
          if (error instanceof InvalidInputError) return;
          throw error;
        }
        checked++;
        expect(parseFault(formatFault(fault))).toEqual(fault);
      }),
      { numRuns: 2000 },
    );
    expect(checked).toBeGreaterThan(500);
  });
});

describe("chaos", () => {
  test("is the same for the same seed, and every fault of it is one that can be added and printed", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.double({ min: 0.1, max: 600, noNaN: true }),
        fc.double({ min: 1000, max: 3_600_000, noNaN: true }),
        (seed, rate, forMs) => {
          const plan: ChaosPlan = { plan: "chaos", seed, rate, forMs };
          const faults = chaosFaults(plan, ["eu", "us"], 1);
          expect(chaosFaults(plan, ["eu", "us"], 2)).toEqual(faults);
          expect(faults.length).toBeLessThanOrEqual(10_000);
          let beforeMs = 0;
          for (const fault of faults.slice(0, 50)) {
            expect(fault.afterMs).toBeGreaterThanOrEqual(beforeMs);
            expect(fault.afterMs).toBeLessThanOrEqual(forMs);
            beforeMs = fault.afterMs!;
            expect(parseFault(formatFault(checkFault(fault)))).toEqual(fault);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test("uses every kind there is a plan for, about as often as asked", () => {
    const faults = chaosFaults({ plan: "chaos", seed: 1, rate: 60, forMs: 600_000 }, ["eu"], 1);
    expect(faults.length).toBeGreaterThan(500);
    expect(faults.length).toBeLessThan(700);
    expect(new Set(faults.map(({ kind }) => kind)).size).toBe(17);
  });

  test("takes the exchange's seed, is told, and strikes on time; after it all is well", async () => {
    const plan = { plan: "chaos", rate: 120, forMs: 10_000 } as const;
    const { paper, rest, pass } = await setUp({ seed: 9, faults: plan });
    expect(paper.faults.schedule).toEqual(chaosFaults({ ...plan, seed: 9 }, ["local"], 0));
    expect(paper.faults.schedule.length).toBeGreaterThan(5);
    for (let i = 0; i < 50; i++) {
      await pass(500);
      void rest.get("ping").catch(() => undefined);
    }
    expect(new Set(paper.faults.list().map(({ state }) => state))).toEqual(new Set(["over"]));
    while (
      !(await rest.get("ping").then(
        ({ status }) => status === 200,
        () => false,
      ))
    );
    expect((await rest.place()).status).toBe(200);
  });
});
