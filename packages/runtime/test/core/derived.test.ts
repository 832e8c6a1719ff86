import { ManualClock } from "@pitlane/perf/testing";
import type { Instrument } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Core } from "../../src/core/core.ts";
import { Inputs } from "../../src/core/inputs.ts";
import { CORE_OWNER } from "../../src/core/own-timers.ts";
import { Replay, type ReplayOptions } from "../../src/core/replay.ts";
import { checkConfig, defineStrategy, type Plugin } from "../../src/index.ts";
import { createStageLatencies } from "../../src/latency.ts";
import type { Order } from "../../src/orders/order.ts";
import { TimerQueue } from "../../src/testing/timer-queue.ts";
import { testInstrument } from "../../src/testing.ts";
import { MemoryJournal } from "./memory-journal.ts";

const instrument = testInstrument();
const instruments: readonly Instrument[] = [instrument];
const risk = { maxOrderNotional: "1000000", maxPositionNotional: "1000000", maxDataAgeMs: 0, maxPriceDeviationBps: 0 };
const config = checkConfig({ risk }, "test");

/** Orders on every bar, by rules that read all that is made of the market. */
function reader(): Plugin {
  return defineStrategy({
    name: "reader",
    onGap: "cancel",
    setup(ctx) {
      const stats = ctx.stats(instrument);
      const recent = ctx.recent(instrument, "trades", 5).column("priceTicks");
      for (const every of ["1s", { ticks: 3 }, { volumeLots: 20 }] as const) {
        ctx.on("bar", { instrument, every }, ({ closeTicks, hasGap, trades, volumeLots }) => {
          const { vwapTicks, orderFlowImbalance, tradeThroughs, realizedVolatility } = stats;
          const read = [vwapTicks, orderFlowImbalance, tradeThroughs, realizedVolatility * 1e6, recent.at(0) ?? 0];
          const sum = read.reduce((total, one) => total + (Number.isNaN(one) ? 1 : Math.round(one)), 0);
          const sizeLots = 1000 + trades + volumeLots + (hasGap ? 500 : 0) + (Math.abs(sum) % 97);
          const side = sum % 2 === 0 ? "buy" : "sell";
          ctx.submit({ instrument, side, type: "limit", timeInForce: "GTC", priceTicks: closeTicks, sizeLots });
        });
      }
    },
  });
}

/** What happens to a session, made up by a property test. */
type Step =
  | { readonly kind: "quote"; readonly bidTicks: number; readonly lots: number }
  | { readonly kind: "trade"; readonly ticks: number; readonly lots: number; readonly agoUs: number }
  | { readonly kind: "gap" | "resync"; readonly channel: "book" | "trade"; readonly missing: number }
  | { readonly kind: "frameEnd" | "accept" }
  | { readonly kind: "pass"; readonly ms: number };

const one = <Kind extends Step["kind"]>(kind: Kind) => fc.constant(kind);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: one("quote"), bidTicks: fc.integer({ min: 990, max: 1010 }), lots: fc.nat(9) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: one("trade"),
      ticks: fc.integer({ min: 985, max: 1015 }),
      lots: fc.integer({ min: 1, max: 9 }),
      agoUs: fc.nat(1_500_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("gap" as const, "resync" as const),
      channel: fc.constantFrom("book" as const, "trade" as const),
      missing: fc.nat(2),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom("frameEnd" as const, "accept" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: one("pass"), ms: fc.integer({ min: 1, max: 2500 }) }) },
);

function common(): Omit<ReplayOptions, "clock"> {
  return {
    runKey: "k",
    config,
    instruments,
    plugins: [{ plugin: reader() }],
    seed: 1,
    startedAtUs: new ManualClock().nowUs(),
    log: () => {},
    onFault: () => {},
  };
}

/** A live core with a journal in memory, and timers that fire as time passes. */
async function live() {
  const clock = new ManualClock();
  const timers = new TimerQueue();
  const sent: Order[] = [];
  const journal = new MemoryJournal(clock);
  const core: Core = await Core.create({
    ...common(),
    journal: { append: (kind, body) => journal.append(kind, body, core.nowUs), commit: () => journal.commit() },
    wire: { send: ({ order }) => void sent.push(order), cancel: () => {}, amend: () => {} },
    book: () => undefined,
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: {
      set: (owner, id, dueAtUs) => timers.set(owner, id, dueAtUs),
      clear: (owner, id) => timers.clear(owner, id),
    },
    control: (control) => inputs.control(control),
    onHalt: () => {},
  });
  const inputs: Inputs = new Inputs({ core, journal, onControl: () => {} });
  inputs.account(
    new Map([
      ["USDT", 10n ** 18n],
      ["AAA", 10n ** 18n],
    ]),
  );
  let sequence = 0;
  let fired = 0;
  const received = (agoUs = 0) => ({
    instrument,
    venueAtUs: clock.nowUs() - agoUs,
    receivedAtUs: clock.nowUs(),
    receivedNs: clock.monotonicNs(),
  });
  const take = (happening: Step) => {
    sequence++;
    switch (happening.kind) {
      case "quote": {
        const { bidTicks, lots } = happening;
        const top = { bidTicks, bidLots: lots + 1, askTicks: bidTicks + 1, askLots: 9 - lots + 1, sequence };
        return inputs.market({ kind: "quote", ...received(), ...top }, undefined, 0);
      }
      case "trade": {
        const { ticks, lots, agoUs } = happening;
        const aggressor = ticks % 2 === 0 ? "buy" : "sell";
        const terms = { tradeId: sequence, priceTicks: ticks, sizeLots: lots, aggressor, isBackfilled: false } as const;
        return inputs.market({ kind: "trade", ...received(agoUs), ...terms }, undefined, 0);
      }
      case "gap": {
        const about = { channel: happening.channel, cause: "sequence", reason: "made up" } as const;
        return inputs.market({ kind: "gap", ...received(), ...about }, undefined, 0);
      }
      case "resync": {
        const about = { channel: happening.channel, backfilled: 0, missing: happening.missing };
        return inputs.market({ kind: "resync", ...received(), ...about }, undefined, 0);
      }
      case "frameEnd":
        return inputs.frameEnd();
      case "accept":
        for (const { clientOrderId, intent, isOpen } of sent.splice(0)) {
          if (!isOpen) continue;
          const ids = { instrument, clientOrderId, venueOrderId: `v-${clientOrderId}`, atUs: sequence };
          const { side, sizeLots } = intent;
          inputs.report({ ...ids, side, sizeLots, status: "accepted", filledLots: 0, fills: [] });
        }
        return;
      case "pass": {
        clock.advance({ ms: happening.ms });
        for (let due = timers.takeDue(clock.nowUs()); due !== undefined; due = timers.takeDue(clock.nowUs())) {
          if (due.owner === CORE_OWNER) fired++;
          inputs.timer(due.owner, due.id);
        }
      }
    }
  };
  return { core, journal, take, fired: () => fired };
}

test("a replay makes the same bars, statistics and cancels of the same inputs, and so the same decisions", async () => {
  let decided = 0;
  let fired = 0;
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 160 }), async (steps) => {
      const session = await live();
      for (const happening of steps) session.take(happening);
      session.take({ kind: "frameEnd" });
      const { rows } = session.journal;
      session.journal.commit();
      const replay = await Replay.create({ ...common(), clock: new ManualClock(), goesOn: true });
      for (const row of rows) await replay.take(row);
      replay.end();
      expect(replay.tally).toMatchObject({ divergences: 0, first: undefined });
      decided += replay.tally.decisions;
      fired += session.fired();
      for (const { kind } of rows) kinds.add(kind);
    }),
    { numRuns: 25 },
  );
  // Otherwise the above would say nothing.
  expect(decided).toBeGreaterThan(150);
  expect(fired).toBeGreaterThan(30);
  expect(kinds).toContain("cancel");
});
