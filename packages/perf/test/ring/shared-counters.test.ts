import { once } from "node:events";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { attachSharedCounters, createSharedCounters } from "../../src/ring/index.ts";
import { bundleWorker, startWorker } from "../support/worker.ts";

test("loses no addition of any thread", async () => {
  const names = ["received", "dropped"] as const;
  const { buffer, ...counters } = setUp(names);
  const bundle = await bundleWorker(new URL("./shared-counters.worker.ts", import.meta.url));
  const count = 20_000;
  await Promise.all([1, 2, 3].map(() => once(startWorker(bundle, { buffer, names, count }), "exit")));
  expect(counters.values()).toEqual({ received: 3 * count, dropped: 3 * count * 2 });
});

test("counts past 32 bits and down again", () => {
  const { counters } = setUp(["lots"]);
  const lots = counters.counter("lots");
  lots.add(2 ** 52);
  lots.increment();
  expect(lots.value).toBe(2 ** 52 + 1);
  lots.add(-(2 ** 52) - 2);
  expect(counters.values()).toEqual({ lots: -1 });
});

test("refuses names that repeat, are none or are not there, and memory of other counters", () => {
  expect(() => createSharedCounters([])).toThrow(InvalidInputError);
  expect(() => createSharedCounters(["a", "a"])).toThrow(InvalidInputError);
  const { counters } = setUp(["a", "b"]);
  expect(() => counters.counter("c" as "a")).toThrow(InvalidInputError);
  expect(() => attachSharedCounters(counters.buffer, ["a"])).toThrow(InvalidInputError);
  expect(() => attachSharedCounters(new SharedArrayBuffer(0), ["a"])).toThrow(InvalidInputError);
});

test("refuses to add a part of one", () => {
  const { counters } = setUp(["a"]);
  expect(() => counters.counter("a").add(0.5)).toThrow(RangeError);
  expect(counters.counter("a").value).toBe(0);
});

function setUp<const Names extends readonly string[]>(names: Names) {
  const counters = createSharedCounters(names);
  return { counters, buffer: counters.buffer, values: () => counters.values() };
}
