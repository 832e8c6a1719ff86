import { ManualClock } from "@pitlane/perf/testing";
import type { OrderReport } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { Core } from "../../src/core/core.ts";
import { Inputs } from "../../src/core/inputs.ts";
import { checkConfig, defineStrategy } from "../../src/index.ts";
import { createStageLatencies } from "../../src/latency.ts";
import type { Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";
import { MemoryJournal } from "./memory-journal.ts";

const instrument = testInstrument();
const ORDER = { instrument, side: "buy", type: "limit", priceTicks: 10_000, sizeLots: 1000 } as const;

/** A core whose strategy has sent one order, and what was journaled and heard since. */
async function setUp() {
  const clock = new ManualClock();
  const journal = new MemoryJournal(clock);
  const sent: Order[] = [];
  const heard: string[] = [];
  const faults: string[] = [];
  const plugin = defineStrategy({
    name: "one",
    setup(ctx) {
      ctx.on("order", ({ order }) => void heard.push(order.state));
      ctx.on("quote", () => void ctx.submit(ORDER));
    },
  });
  const core: Core = await Core.create({
    runKey: "k",
    config: checkConfig({}, "test"),
    instruments: [instrument],
    plugins: [{ plugin }],
    seed: 1,
    startedAtUs: clock.nowUs(),
    journal: { append: (kind, body) => journal.append(kind, body, core.nowUs), commit: () => journal.commit() },
    wire: { send: ({ order }) => sent.push(order), cancel: () => {} },
    book: () => undefined,
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: () => {},
    log: () => {},
    onFault: (_source, message) => faults.push(message),
    onHalt: () => {},
  });
  const inputs = new Inputs({ core, journal, onControl: () => {} });
  inputs.account(new Map([["USDT", 10n ** 18n]]));
  const about = { instrument, venueAtUs: 0, receivedAtUs: clock.nowUs(), receivedNs: 0, sequence: 1 };
  inputs.market({ kind: "quote", ...about, bidTicks: 9_990, bidLots: 5, askTicks: 10_010, askLots: 5 }, undefined, 0);
  inputs.frameEnd();
  const rows = () => journal.rows.filter(({ kind }) => kind === "report").length;
  const report = (status: OrderReport["status"], filledLots = 0): OrderReport => ({
    instrument,
    clientOrderId: sent[0]!.clientOrderId,
    venueOrderId: "7",
    status,
    side: "buy",
    sizeLots: 1000,
    filledLots,
    fills: [],
    atUs: 1,
  });
  return { inputs, heard, faults, rows, report, core, clock, about };
}

test("market events that a clock put back has stamped with an earlier time are of the session's present", async () => {
  const { inputs, core, clock, about } = await setUp();
  clock.advance({ ms: 500 });
  inputs.market(
    {
      kind: "quote",
      ...about,
      receivedAtUs: about.receivedAtUs - 3_600_000_000,
      bidTicks: 1,
      bidLots: 5,
      askTicks: 2,
      askLots: 5,
    },
    undefined,
    0,
  );
  expect(core.nowUs).toBe(clock.nowUs());
});

test("what both sockets tell of an order is one input; what one of them tells first is news", async () => {
  const { inputs, heard, rows, report } = await setUp();
  inputs.report(report("accepted"));
  inputs.report(report("accepted"));
  expect(rows()).toBe(1);
  inputs.report(report("partiallyFilled", 400));
  inputs.report(report("accepted")); // was overtaken
  inputs.report(report("cancelled", 400));
  inputs.report(report("partiallyFilled", 400));
  inputs.report(report("cancelled", 400));
  expect(rows()).toBe(3);
  expect(heard).toEqual(["accepted", "partiallyFilled", "cancelled"]);
});

test("a report that cannot be right is an input however often it comes, and so is one of an order that nobody knows", async () => {
  const { inputs, faults, rows, report } = await setUp();
  inputs.report(report("filled", 1000));
  for (let i = 0; i < 2; i++) inputs.report({ ...report("accepted"), venueOrderId: "8" });
  for (let i = 0; i < 2; i++) inputs.report({ ...report("accepted"), clientOrderId: "stranger" });
  expect(rows()).toBe(5);
  expect(faults).toHaveLength(3);
});
