import { createRandom } from "@pitlane/perf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ActiveFault, beginsWith } from "../../src/faults/active-fault.ts";
import { Conditions } from "../../src/faults/conditions.ts";
import type { Fault } from "../../src/faults/fault.ts";
import { flipBits, truncate } from "../../src/faults/frames.ts";

function active(fault: Fault, id = 1): ActiveFault {
  const made = new ActiveFault(id, fault, createRandom(id), (ended) => {
    ended.state = "over";
  });
  made.state = "active";
  return made;
}

const at = (delayMs: number, jitterMs: number, seed = 1) =>
  new Conditions({ region: "eu", delayMs, jitterMs, random: createRandom(seed) });

describe("conditions", () => {
  test("are a distance within its bounds, the same for the same seed", () => {
    const draw = (seed: number) => {
      const conditions = at(20, 10, seed);
      return Array.from({ length: 50 }, () => conditions.distanceMs());
    };
    const first = draw(1);
    for (const ms of first) {
      expect(ms).toBeGreaterThanOrEqual(20);
      expect(ms).toBeLessThanOrEqual(30);
    }
    expect(new Set(first).size).toBe(50);
    expect(draw(1)).toEqual(first);
    expect(draw(2)).not.toEqual(first);
  });

  test("add up all delays, and let the oldest fault that ends a request end it, drawing no other", () => {
    const conditions = at(5, 0);
    const faults = [
      active({ kind: "delay", ms: 10 }, 1),
      active({ kind: "responseLost", route: "GET /a" }, 2),
      active({ kind: "error", status: 500 }, 3),
      active({ kind: "delay", ms: 30, on: "request" }, 4),
      active({ kind: "delay", ms: 100, route: "/b" }, 5),
    ];
    conditions.change(faults);
    expect(conditions.treatHttp("GET /a", "/a")).toMatchObject({ end: "lost", requestDelayMs: 30, answerDelayMs: 15 });
    expect(faults.map(({ hits }) => hits)).toEqual([1, 1, 0, 1, 0]);
    expect(conditions.treatHttp("GET /b", "/b")).toMatchObject({ end: "refused", answerDelayMs: 115 });
    expect(conditions.treatMessage("ping", "/ws-api/v3")).toMatchObject({ requestDelayMs: 30, answerDelayMs: 0 });
  });

  test("are calm without faults and without distance, and then ask nothing of anybody", () => {
    const conditions = at(0, 0);
    expect(conditions.isCalm).toBe(true);
    expect(conditions.treatHttp("GET /a", "/a")).toBeUndefined();
    conditions.change([active({ kind: "drop" })]);
    expect(conditions.isCalm).toBe(false);
    expect(conditions.treatHttp("GET /a", "/a")).toBeUndefined();
    conditions.change([]);
    expect(conditions.isCalm).toBe(true);
    expect(at(1, 0).isCalm).toBe(false);
  });
});

test.each([
  ["POST /api/v3/order", "POST /api/v3/order", true],
  ["POST /api/v3/order/test", "POST /api/v3/order", true],
  ["POST /api/v3/orderList/oco", "POST /api/v3/order", false],
  ["/ws-api/v3", "/ws", false],
  ["/ws/aaausdt@trade", "/ws", true],
  ["/anything", "/", true],
  ["aaausdt@depth@100ms", "aaausdt@depth", true],
  ["aaausdt@depth5", "aaausdt@depth", false],
  ["order.place", "order", true],
  ["orderList.place.oco", "order", false],
  ["user.executionReport", "user.", true],
  ["userDataStream.subscribe", "user", false],
  ["b-PAIR", "b-", true],
  ["f:PAIR", "f:", true],
  ["trade", "trades", false],
])("%s begins with route %s: %s", (name, route, expected) => {
  expect(beginsWith(name, route)).toBe(expected);
});

describe("damage", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
  const seeds = fc.integer({ min: 0, max: 0xffffffff });

  test("flips one bit, never the highest, in each of so many bytes of a copy", () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 20 }), seeds, (data, count, seed) => {
        const before = Uint8Array.from(data);
        const damaged = flipBits(data, count, createRandom(seed));
        expect(data).toEqual(before);
        expect(damaged.length).toBe(data.length);
        const differences = data.map((byte, i) => byte ^ damaged[i]!).filter((difference) => difference !== 0);
        expect(differences.length).toBe(Math.min(count, data.length));
        for (const difference of differences) expect([1, 2, 4, 8, 16, 32, 64]).toContain(difference);
      }),
    );
  });

  test("cuts text between characters, and always something", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), seeds, (text, seed) => {
        const cut = Buffer.from(truncate(Buffer.from(text), createRandom(seed))).toString();
        expect(text.startsWith(cut)).toBe(true);
        expect(cut.length).toBeLessThan(text.length);
      }),
    );
  });
});
