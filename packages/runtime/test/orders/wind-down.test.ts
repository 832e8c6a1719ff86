import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { exitCodeOfRun } from "../../src/cli/exit.ts";
import { Order, type OrderState } from "../../src/orders/order.ts";
import { becomesFlat, compareAccounts, endOrders } from "../../src/orders/wind-down.ts";
import type { Report } from "../../src/report.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const CLOSE_MS = 5_000;
const EFFECT_MS = 16_000;

/** Winds down with one order in `state`, whose request can take effect for 16 s from now; `then` happens at its moment, in ms from now. */
async function windDown(
  state: OrderState,
  then: { readonly atMs: number; readonly state: OrderState }[] = [],
  isSent = true,
) {
  const clock = new ManualClock();
  const order = new Order("pl-k-0-1", "holder", 0, { instrument, side: "buy", type: "market", sizeLots: 1 });
  order.state = state;
  if (isSent) order.deadlineNs = clock.monotonicNs() + EFFECT_MS * 1e6;
  const faults: string[] = [];
  const waits: string[] = [];
  let hasEnded = false;
  const ended = endOrders({
    execution: { openOrders: () => (order.isOpen ? [order] : []), withMissingFills: () => [] },
    gateway: { ask: () => {} },
    cancelOpen: () => {},
    clock,
    deadlineNs: clock.monotonicNs() + CLOSE_MS * 1e6,
    onFault: (_source, message) => faults.push(message),
    onWait: (message) => waits.push(message),
  }).then(() => {
    hasEnded = true;
  });
  let elapsedMs = 0;
  for (; !hasEnded && elapsedMs < 60_000; elapsedMs += 10) {
    for (const { atMs, state: next } of then) if (elapsedMs === atMs) order.state = next;
    clock.advance({ ms: 10 });
    for (let turn = 0; turn < 3; turn++) await Promise.resolve();
  }
  await ended;
  return { elapsedMs, faults, waits };
}

test("an order of unknown outcome is waited for until its request can take no effect, and the venue was asked after that", async () => {
  const { elapsedMs, faults, waits } = await windDown("unknown", [{ atMs: 16_500, state: "rejected" }]);
  expect(faults).toEqual([]);
  expect(waits).toEqual(["waits for the venue's word on 1 orders, until their requests can take no effect any more"]);
  expect(elapsedMs).toBeGreaterThanOrEqual(16_500);
  expect(elapsedMs).toBeLessThan(16_600);
});

test("one whose answer is still under way is waited for too, and its cancel has time when it was found open", async () => {
  const { faults, elapsedMs } = await windDown("submitted", [
    { atMs: 10_000, state: "unknown" },
    { atMs: 15_000, state: "pendingCancel" },
    { atMs: 16_500, state: "cancelled" },
  ]);
  expect(faults).toEqual([]);
  expect(elapsedMs).toBeLessThan(16_600);
});

test("the wait has an end: where the venue cannot be asked the order is told to be unknown", async () => {
  const { elapsedMs, faults } = await windDown("unknown");
  expect(faults).toEqual(["order pl-k-0-1 on test:AAA/USDT is still unknown"]);
  expect(elapsedMs).toBeGreaterThan(EFFECT_MS);
  expect(elapsedMs).toBeLessThan(EFFECT_MS + 6_000);
});

test.each([
  ["accepted", true],
  ["submitted", false], // it waits for its turn: nothing of it is at the venue
] as const)("an order that is %s has the time of the close and no more", async (state, isSent) => {
  const { elapsedMs, faults, waits } = await windDown(state, [], isSent);
  expect(faults).toHaveLength(1);
  expect(waits).toEqual([]);
  expect(elapsedMs).toBeLessThan(CLOSE_MS + 100);
});

test("a run that leaves orders behind has an exit code of its own, whatever ended it", () => {
  const codeOf = (endedBy: Report["run"]["endedBy"], open: number) =>
    exitCodeOfRun({ run: { endedBy }, orders: { open } } as unknown as Report);
  expect([codeOf("signal", 0), codeOf("halted", 0), codeOf("riskHalted", 0)]).toEqual([0, 1, 4]);
  expect([codeOf("signal", 1), codeOf("riskHalted", 2)]).toEqual([5, 5]);
});

test("balances that differ are looked at a few times, as each look has its price, and are told also when a look fails", async () => {
  for (const failsAt of [Number.POSITIVE_INFINITY, 3]) {
    const clock = new ManualClock();
    const faults: string[] = [];
    let looks = 0;
    let hasEnded = false;
    const getBalances = () => {
      looks++;
      if (looks === failsAt) return Promise.reject(new Error("no budget"));
      return Promise.resolve(new Map([["USDT", { free: 100_000_000n, locked: 0n }]]));
    };
    void compareAccounts(
      { balances: new Map(), venues: new Map() },
      { getBalances },
      {
        clock,
        deadlineNs: clock.monotonicNs() + CLOSE_MS * 1e6,
        onFault: (_source, message) => faults.push(message),
      },
    ).then(() => {
      hasEnded = true;
    });
    for (let elapsedMs = 0; !hasEnded && elapsedMs < 60_000; elapsedMs += 10) {
      clock.advance({ ms: 10 });
      for (let turn = 0; turn < 9; turn++) await Promise.resolve();
    }
    expect(faults).toContain("USDT: fills give 0, the venue says 1");
    expect(looks).toBeLessThan(20);
  }
});

test.each([
  ["an order of unknown outcome, then the close", "unknown", 18_000, true],
  ["nothing but the close, which is too slow", "filled", 18_000, false],
] as const)("a close of positions waits for %s", async (_what, state, flatAtMs, isFlat) => {
  const clock = new ManualClock();
  const startNs = clock.monotonicNs();
  const order = new Order("pl-k-0-1", "holder", 0, { instrument, side: "buy", type: "market", sizeLots: 1 });
  order.state = state;
  order.deadlineNs = startNs + EFFECT_MS * 1e6;
  let became: boolean | undefined;
  void becomesFlat({
    execution: { openOrders: () => (order.isOpen ? [order] : []) },
    isFlattening: () => clock.monotonicNs() < startNs + flatAtMs * 1e6,
    clock,
    timeoutMs: CLOSE_MS,
  }).then((flat) => {
    became = flat;
  });
  for (let elapsedMs = 0; became === undefined && elapsedMs < 60_000; elapsedMs += 10) {
    clock.advance({ ms: 10 });
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
  expect(became).toBe(isFlat);
});
