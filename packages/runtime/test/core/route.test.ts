import { ManualClock } from "@pitlane/perf/testing";
import type { Instrument } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { Core } from "../../src/core/core.ts";
import { Inputs } from "../../src/core/inputs.ts";
import { Replay, type ReplayOptions } from "../../src/core/replay.ts";
import { checkConfig, defineStrategy, type Routed } from "../../src/index.ts";
import { createStageLatencies } from "../../src/latency.ts";
import type { Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";
import { MemoryJournal } from "./memory-journal.ts";

const near = testInstrument({ venue: "near", id: "near:AAA/USDT" });
const far = testInstrument({ venue: "far", id: "far:AAA/USDT" });
const instruments: readonly Instrument[] = [near, far];

/** Routes an order of 0.1 on every quote of the far venue. */
function router(seen: Routed[], shift = 0) {
  return defineStrategy({
    name: "router-user",
    setup(ctx) {
      ctx.on("quote", { instrument: far }, () => {
        seen.push(ctx.route({ symbol: "AAA/USDT", side: "buy", sizeUnits: 10_000_000n + BigInt(shift) * 100_000n }));
      });
    },
  });
}

function common(plugin: ReturnType<typeof router>): Omit<ReplayOptions, "clock"> {
  return {
    runKey: "k",
    config: checkConfig({ router: { takerFeeBps: { far: 2 } } }, "test"),
    instruments,
    plugins: [{ plugin }],
    seed: 1,
    startedAtUs: new ManualClock().nowUs(),
    log: () => {},
    onFault: () => {},
  };
}

async function live() {
  const clock = new ManualClock();
  const sent: Order[] = [];
  const seen: Routed[] = [];
  const journal = new MemoryJournal(clock);
  const core: Core = await Core.create({
    ...common(router(seen)),
    journal: { append: (kind, body) => journal.append(kind, body, core.nowUs), commit: () => journal.commit() },
    wire: { send: ({ order }) => sent.push(order), cancel: () => {}, amend: () => {} },
    book: () => undefined,
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: () => {},
    onHalt: () => {},
  });
  const inputs = new Inputs({ core, journal, onControl: () => {} });
  for (const { venue } of instruments) inputs.account(new Map([["USDT", 10n ** 18n]]), venue);
  const quote = (instrument: Instrument, askTicks: number) => {
    const about = {
      instrument,
      venueAtUs: 0,
      receivedAtUs: clock.nowUs(),
      receivedNs: clock.monotonicNs(),
      sequence: 1,
    };
    const touch = { bidTicks: askTicks - 10, bidLots: 500, askTicks, askLots: 500 };
    inputs.market({ kind: "quote", ...about, ...touch }, undefined, 0);
    inputs.frameEnd();
  };
  const expire = ({ clientOrderId, intent: { instrument, side, sizeLots } }: Order) => {
    const about = {
      instrument,
      clientOrderId,
      venueOrderId: `v-${clientOrderId}`,
      side,
      sizeLots,
      atUs: clock.nowUs(),
    };
    inputs.report({ ...about, status: "expired", filledLots: 0, fills: [] });
  };
  return { clock, core, journal, seen, sent, quote, expire };
}

test("a route is journaled before its orders, learns from answers, and a replay routes alike", async () => {
  const { clock, core, journal, seen, sent, quote, expire } = await live();
  quote(near, 10_000);
  quote(far, 10_001);
  expect(seen[0]?.decision.venues.map(({ latencyNs }) => latencyNs)).toEqual([undefined, undefined]);
  expect(sent.map(({ intent }) => intent.instrument.venue)).toEqual(["far"]); // a fee of 2 bp against 10
  clock.advance({ ms: 80 });
  expire(sent[0]!);
  quote(far, 10_001);
  expect(seen[1]?.decision.venues.map(({ latencyNs }) => latencyNs)).toEqual([undefined, 80_000_000]);
  const rows = journal.rows.filter(({ kind }) => kind === "route" || kind === "intent");
  expect(rows.map(({ kind }) => kind)).toEqual(["route", "intent", "route", "intent"]);
  expect(JSON.parse(rows[0]?.body as string)).toMatchObject({
    strategy: "router-user",
    outcome: "single",
    request: { symbol: "AAA/USDT", side: "buy", sizeUnits: "10000000" },
    pieces: [{ instrument: "far:AAA/USDT", sizeLots: 100, limitTicks: 10_001 }],
    best: { instrument: "far:AAA/USDT" },
  });
  journal.append("snapshot", { core: core.record() });
  expect(core.record().answers).toEqual({ far: 80_000_000 });

  const replay = await Replay.create({ ...common(router([])), clock: new ManualClock() });
  for (const row of journal.rows) await replay.take(row);
  replay.end();
  expect(replay.tally).toMatchObject({ divergences: 0, decisions: 5 });

  const other = await Replay.create({ ...common(router([], 1)), clock: new ManualClock() });
  for (const row of journal.rows) await other.take(row);
  expect(other.tally.first?.recorded?.kind).toBe("route"); // other code routes otherwise, and is told
  await Promise.all([core.close(), replay.close(), other.close()]);
});
