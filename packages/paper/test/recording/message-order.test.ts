import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineProblem } from "../../src/recording/errors.ts";
import { isoTime, MessageOrder } from "../../src/recording/message-order.ts";

test("reads a file as it stands when its lines are in order, whatever their connections", () => {
  const order = new MessageOrder();
  expect([order.add(10, "a", 3), order.add(10, "b", 4), order.add(12, "a", 7)]).toEqual([10, 10, 12]);
  expect(order.parts()).toEqual([{ connection: undefined, firstLine: 3, lastLine: 7 }]);
});

test("reads each connection by itself when they are not in order together", () => {
  const order = new MessageOrder();
  order.add(10, "a", 3);
  order.add(20, "a", 4);
  order.add(15, "b", 5);
  order.add(30, "b", 6);
  expect(order.parts()).toEqual([
    { connection: "a", firstLine: 3, lastLine: 4 },
    { connection: "b", firstLine: 5, lastLine: 6 },
  ]);
});

test("has no part when there was no message", () => {
  expect(new MessageOrder().parts()).toEqual([]);
});

test("never lets the time of a connection fall, and never moves it by more than a second", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: -1_000_000, max: 2_000_000 }), fc.nat(2))), (steps) => {
      const order = new MessageOrder();
      const lastUs = new Map<string, number>();
      steps.forEach(([step, which], i) => {
        const connection = String(which);
        const aboveUs = lastUs.get(connection) ?? 1e9;
        const atUs = order.add(aboveUs + step, connection, i + 1);
        expect(atUs).toBe(lastUs.has(connection) ? Math.max(aboveUs, aboveUs + step) : aboveUs + step);
        lastUs.set(connection, atUs);
      });
    }),
  );
});

test("refuses a connection whose time falls by more than a second", () => {
  const order = new MessageOrder();
  order.add(2_000_000, "a", 1);
  expect(() => order.add(999_999, "a", 2)).toThrow(LineProblem);
});

test("refuses to merge more than 64 connections, but not to read them as they stand", () => {
  const order = new MessageOrder();
  for (let i = 1; i <= 65; i++) order.add(i, String(i), i);
  expect(order.parts()).toHaveLength(1);
  expect(() => order.add(1, "66", 66)).toThrow("is out of order, and more than 64 connections cannot be merged");
});

test("shows times to the microsecond", () => {
  expect(isoTime(1_723_075_200_000_042)).toBe("2024-08-08T00:00:00.000042Z");
});

describe("with a listener", () => {
  function listening() {
    const told: string[] = [];
    return { told, order: new MessageOrder(({ message }) => told.push(message)) };
  }

  test("tells of a line that lies before the one above it, once for each, and keeps the order of the lines", () => {
    const { told, order } = listening();
    const times = [10, 11, 15, 12, 13, 11, 16].map((s, i) => order.add(s * 1e6, "a", i + 1) / 1e6);
    expect(times).toEqual([10, 11, 15, 15, 15, 15, 16]);
    expect(told).toHaveLength(2);
    expect(told[0]).toContain("was received at 1970-01-01T00:00:12.000000Z, before the line above it");
    expect(order.parts()).toHaveLength(1);
  });

  test("reads more than 64 connections as they stand, and tells once where that is out of order", () => {
    for (const [back, count] of [
      [500_000, 0],
      [1_500_000, 1],
    ] as const) {
      const { told, order } = listening();
      for (let i = 1; i <= 80; i++) order.add(10_000_000 + (i % 2) * back, String(i), i);
      expect(told).toHaveLength(count);
      expect(order.parts()).toEqual([{ connection: undefined, firstLine: 1, lastLine: 80 }]);
    }
  });
});
