import { OrderBook } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { describeBook } from "../src/describe.ts";
import { compareBalances } from "../src/orders/reconcile.ts";
import { FaultLog } from "../src/report.ts";
import { testInstrument } from "../src/testing.ts";

test("a book is described by its depth, its top in decimals and the digest of all its levels", () => {
  const book = new OrderBook();
  book.set("bid", 10_050, 1500);
  book.set("bid", 10_000, 20);
  book.set("ask", 10_100, 7);
  expect(describeBook(book, testInstrument())).toEqual({
    bidLevels: 2,
    askLevels: 1,
    bestBid: ["100.5", "1.5"],
    bestAsk: ["101", "0.007"],
    // printf 'b 100.5 1.5\nb 100 0.02\na 101 0.007' | sha256sum
    sha256: "6e7992fa7fa5e1f8cfff34416e79d657410514e597d1c4727e876883ed5f28b6",
  });
  expect(describeBook(new OrderBook(), testInstrument())).toMatchObject({ bestBid: null, bestAsk: null });
});

test("a fault is listed once, with how often it happened", () => {
  let nowUs = 5;
  const faults = new FaultLog(() => nowUs);
  expect(faults.add("a", "x")).toBe(true);
  nowUs = 6;
  expect(faults.add("a", "x")).toBe(false);
  expect(faults.add("b", "x")).toBe(true);
  expect(faults.list()).toEqual([
    { atUs: 5, source: "a", message: "x", count: 2 },
    { atUs: 6, source: "b", message: "x", count: 1 },
  ]);
  for (let i = 0; i < 2000; i++) faults.add("c", String(i));
  expect(faults.list()).toHaveLength(1001);
  expect(faults.list().at(-1)).toMatchObject({ count: 1002 });
});

test("accounts agree when free and locked together are what fills give; each difference is a sentence", () => {
  const ours = new Map([
    ["AAA", 5n],
    ["USDT", 100_00000000n],
  ]);
  expect(
    compareBalances(
      ours,
      new Map([
        ["AAA", { free: 2n, locked: 3n }],
        ["USDT", { free: 100_00000000n, locked: 0n }],
      ]),
    ),
  ).toEqual([]);
  expect(compareBalances(ours, new Map([["USDT", { free: 99_00000000n, locked: 0n }]]))).toEqual([
    "AAA: fills give 0.00000005, the venue says 0",
    "USDT: fills give 100, the venue says 99",
  ]);
});
