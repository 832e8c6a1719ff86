import { expect, test } from "vitest";
import { History } from "../../src/engine/history.ts";

test("keeps at least its capacity and never twice that", () => {
  const history = new History<number>(10);
  const forgotten: number[] = [];
  for (let i = 0; i < 1000; i++) {
    forgotten.push(...history.push(i));
    expect(history.items.length).toBeLessThan(20);
    expect(history.items.length).toBeGreaterThanOrEqual(Math.min(10, i + 1));
    expect(history.last).toBe(i);
  }
  expect([...forgotten, ...history.items]).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(history.newest(3)).toEqual([997, 998, 999]);
  expect(history.newest(0)).toEqual([]);
});

test("finds the first item of at least a key", () => {
  const history = new History<number>(100);
  for (let i = 0; i < 50; i++) history.push(i * 2);
  expect(history.firstAtLeast(-5, (item) => item)).toBe(0);
  expect(history.firstAtLeast(7, (item) => item)).toBe(4);
  expect(history.firstAtLeast(98, (item) => item)).toBe(49);
  expect(history.firstAtLeast(99, (item) => item)).toBe(50);
});
