import { expect, test } from "vitest";
import { FifoLots, MAX_FIFO_LOTS } from "../../src/engines/position-lots.ts";

test("neighbours of one price are one lot", () => {
  const fifo = new FifoLots();
  fifo.move(1, 10n, 10);
  fifo.move(2, 20n, 10);
  fifo.move(1, 11n, 11);
  expect([fifo.size, fifo.costUnits]).toEqual([2, 41n]);
});

test("memory is bounded: the two oldest become one of their average cost, and nothing is lost", () => {
  const fifo = new FifoLots();
  let spent = 0n;
  for (let price = 1; price <= 3 * MAX_FIFO_LOTS; price++) {
    fifo.move(1, BigInt(price), price);
    spent += BigInt(price);
  }
  expect(fifo.size).toBe(MAX_FIFO_LOTS);
  expect(fifo.costUnits).toBe(spent);
  fifo.move(-3 * MAX_FIFO_LOTS, 2n * spent, 5);
  expect([fifo.size, fifo.costUnits, fifo.realizedUnits]).toEqual([0, 0n, spent]);
});
