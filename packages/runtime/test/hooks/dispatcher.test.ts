import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { compileHooks, type HookEntry } from "../../src/hooks/compile.ts";
import { Dispatcher, FAULTS_TO_QUARANTINE } from "../../src/hooks/dispatcher.ts";
import { createStageLatencies } from "../../src/latency.ts";
import { Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const quote = {
  kind: "quote",
  instrument,
  venueAtUs: 0,
  receivedAtUs: 0,
  receivedNs: 5,
  bidTicks: 1,
  bidLots: 1,
  askTicks: 2,
  askLots: 1,
  sequence: 1,
} as const;

function setUp(entries: readonly HookEntry[]) {
  const clock = new ManualClock();
  const latencies = createStageLatencies();
  const faults: string[] = [];
  const quarantined: number[] = [];
  const after: number[] = [];
  const dispatcher = new Dispatcher({
    table: compileHooks(entries, [instrument]),
    owners: ["first", "second"],
    clock,
    latencies,
    afterHook: (triggerNs) => after.push(triggerNs),
    onFault: (source, message) => faults.push(`${source}: ${message}`),
    onQuarantine: (owner) => quarantined.push(owner),
  });
  return { dispatcher, clock, latencies, faults, quarantined, after };
}

const hook = (owner: number, handler: () => void, kind: HookEntry["kind"] = "quote"): HookEntry => ({
  kind,
  instrument: undefined,
  owner,
  handler,
});

test("each hook is timed, and what it asked for is acted on before the next runs", () => {
  const order: string[] = [];
  const { dispatcher, clock, latencies, after } = setUp([
    hook(0, () => {
      order.push("a");
      clock.advance({ us: 30 });
    }),
    hook(1, () => {
      order.push(`b after ${after.length}`);
    }),
  ]);
  clock.advance({ us: 100 });
  dispatcher.market(quote, 0, 60_000);
  expect(order).toEqual(["a", "b after 1"]);
  expect(after).toEqual([5, 5]);
  expect(latencies.dispatch.summary()).toMatchObject({ count: 1, max: 40 });
  expect(latencies.strategy.summary()).toMatchObject({ count: 2, max: 30 });
});

test("a hook that throws costs only itself, and after ten times its plugin is called no more", () => {
  let calls = 0;
  const { dispatcher, faults, quarantined } = setUp([
    hook(0, () => {
      throw new Error("bad");
    }),
    hook(1, () => {
      calls++;
    }),
  ]);
  for (let i = 0; i < FAULTS_TO_QUARANTINE + 5; i++) dispatcher.market(quote, 0, 0);
  expect(calls).toBe(FAULTS_TO_QUARANTINE + 5);
  expect(faults).toHaveLength(FAULTS_TO_QUARANTINE + 1);
  expect(faults[0]).toBe("strategy first: its quote hook threw Error: bad");
  expect(quarantined).toEqual([0]);
});

test("news of an order goes to the strategy that owns it", () => {
  const heard: number[] = [];
  const { dispatcher } = setUp([hook(0, () => heard.push(0), "order"), hook(1, () => heard.push(1), "order")]);
  const order = new Order("a", "second", 1, { instrument, side: "buy", type: "market", sizeLots: 1 });
  dispatcher.own({ kind: "order", instrument, order }, 0);
  expect(heard).toEqual([1]);
  dispatcher.stop();
  dispatcher.own({ kind: "order", instrument, order }, 0);
  expect(heard).toEqual([1]);
});
