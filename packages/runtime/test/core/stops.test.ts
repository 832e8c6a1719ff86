import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { Core } from "../../src/core/core.ts";
import { Inputs } from "../../src/core/inputs.ts";
import { recover } from "../../src/core/recovery.ts";
import { Replay } from "../../src/core/replay.ts";
import { checkConfig, defineStrategy } from "../../src/index.ts";
import type { JournalEntry } from "../../src/journal/entries.ts";
import { describeEntry } from "../../src/journal/order-story.ts";
import { createStageLatencies } from "../../src/latency.ts";
import type { Intent, Order } from "../../src/orders/order.ts";
import { toRequest } from "../../src/orders/outcome.ts";
import { instrumentsById } from "../../src/orders/records.ts";
import { testInstrument } from "../../src/testing.ts";
import { MemoryJournal } from "./memory-journal.ts";

const instrument = testInstrument({ minNotional: 0n });
const config = checkConfig({}, "test");
const STOPS: readonly Intent[] = [
  { instrument, side: "sell", type: "stop", triggerTicks: 950, sizeLots: 10, tag: "a" },
  { instrument, side: "buy", type: "stopLimit", triggerTicks: 1050, priceTicks: 1060, sizeLots: 10 },
  { instrument, side: "sell", type: "takeProfit", triggerTicks: 1100, trailingBps: 100, sizeLots: 10 },
  {
    instrument,
    side: "buy",
    type: "takeProfitLimit",
    triggerTicks: 940,
    priceTicks: 945,
    sizeLots: 10,
    timeInForce: "FOK",
  },
  { instrument, side: "sell", type: "stop", trailingBps: 250, sizeLots: 10 },
];

/** Wants all of them at its first quote. */
const stopper = defineStrategy({
  name: "stopper",
  setup(ctx) {
    let isDone = false;
    ctx.on("quote", () => {
      if (isDone) return;
      isDone = true;
      for (const stop of STOPS) ctx.submit(stop);
    });
  },
});

async function live() {
  const clock = new ManualClock();
  const journal = new MemoryJournal(clock);
  const sent: Order[] = [];
  const core: Core = await Core.create({
    runKey: "k",
    config,
    instruments: [instrument],
    plugins: [{ plugin: stopper }],
    seed: 1,
    startedAtUs: clock.nowUs(),
    journal: { append: (kind, body) => journal.append(kind, body, core.nowUs), commit: () => journal.commit() },
    wire: { send: ({ order }) => sent.push(order), cancel: () => {}, amend: () => {} },
    book: () => undefined,
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: () => {},
    log: () => {},
    onFault: () => {},
    onHalt: () => {},
  });
  const inputs = new Inputs({ core, journal, onControl: () => {} });
  const quote = () => {
    const times = { venueAtUs: 0, receivedAtUs: clock.nowUs(), receivedNs: clock.monotonicNs() };
    const top = { bidTicks: 1000, bidLots: 5, askTicks: 1001, askLots: 5, sequence: 1 };
    inputs.market({ kind: "quote", instrument, ...times, ...top }, undefined, 0);
    inputs.frameEnd();
    clock.advance({ ms: 1 });
  };
  const account = () =>
    inputs.account(
      new Map([
        ["USDT", 10n ** 18n],
        ["AAA", 10n ** 18n],
      ]),
    );
  return { core, journal, sent, quote, account, clock };
}

test("stops are journaled, sent and replayed as they were wanted", async () => {
  const { journal, sent, quote, account, clock } = await live();
  account();
  quote();
  const { instrument: _, ...first } = STOPS[0]!;
  expect(sent.map(({ intent }) => intent)).toEqual(STOPS);
  expect(sent.map(toRequest)).toEqual(
    STOPS.map(({ tag: _tag, ...stop }, i) => ({
      ...stop,
      clientOrderId: sent[i]!.clientOrderId,
      ...(stop.type === "stopLimit" && { timeInForce: "GTC" }),
    })),
  );
  const intents = journal.rows.filter(({ kind }) => kind === "intent");
  expect(JSON.parse(String(intents[0]!.body))).toMatchObject({ ...first, instrument: instrument.id, approved: true });
  const told = intents.map(({ body, ...row }) =>
    describeEntry({ ...row, body: JSON.parse(String(body)) } as unknown as JournalEntry),
  );
  expect(told[2]).toContain("takeProfit triggered at 1100 ticks trailing by 100 basis points; approved");

  const replay = await Replay.create({
    runKey: "k",
    config,
    instruments: [instrument],
    plugins: [{ plugin: stopper }],
    seed: 1,
    startedAtUs: clock.nowUs() - 1000,
    clock,
    log: () => {},
    onFault: () => {},
  });
  for (const row of journal.rows) await replay.take(row);
  replay.end();
  expect(replay.tally).toMatchObject({ decisions: 5, divergences: 0 });
});

test("open stops count with what they may spend, and are taken back with all their terms", async () => {
  const { core, journal, sent, quote, account } = await live();
  account();
  quote();
  const { openBuyLots, openSellLots } = core.execution.exposure(instrument);
  expect([openBuyLots, openSellLots]).toEqual([20, 30]);
  const snapshot = core.record();

  const fromRows = await live();
  const rows = journal.rows
    .filter(({ body }) => typeof body === "string")
    .map(({ body, ...row }) => ({ ...row, body: JSON.parse(String(body)) as unknown }));
  recover(fromRows.core, rows, instrumentsById([instrument]), ["stopper"]);
  const fromSnapshot = await live();
  fromSnapshot.core.restore(JSON.parse(JSON.stringify(snapshot)));
  for (const taken of [fromRows.core, fromSnapshot.core]) {
    const open = taken.execution.openOrders();
    expect(open.map(({ intent }) => intent)).toEqual(STOPS);
    expect(open.map(({ clientOrderId }) => clientOrderId)).toEqual(sent.map(({ clientOrderId }) => clientOrderId));
    expect(taken.execution.exposure(instrument)).toMatchObject({ openBuyLots: 20, openSellLots: 30 });
  }
});
