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

/** @param free USDT of each venue's account, in 10^-8. */
async function live(free: Readonly<Record<string, bigint>> = {}, plugin?: ReturnType<typeof router>) {
  const clock = new ManualClock();
  const sent: Order[] = [];
  const seen: Routed[] = [];
  const journal = new MemoryJournal(clock);
  const core: Core = await Core.create({
    ...common(plugin ?? router(seen)),
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
  for (const { venue } of instruments) inputs.account(new Map([["USDT", free[venue] ?? 10n ** 18n]]), venue);
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

/** Routes 0.15 twice on every quote of the far venue, each worth 15. */
function twice(seen: Routed[]) {
  return defineStrategy({
    name: "router-user",
    setup(ctx) {
      ctx.on("quote", { instrument: far }, () => {
        for (let i = 0; i < 2; i++) seen.push(ctx.route({ symbol: "AAA/USDT", side: "buy", sizeUnits: 15_000_000n }));
      });
    },
  });
}

test("a route counts what its venue's account holds, less open orders and what the same hook has wanted; a replay routes alike", async () => {
  const seen: Routed[] = [];
  // The far venue is the better one, and can pay for an order and a half.
  const { core, journal, sent, quote, expire } = await live({ far: 22_00000000n }, twice(seen));
  quote(near, 10_000);
  quote(far, 10_000);
  const venuesOf = (from: number) =>
    sent.slice(from).map(({ intent: { instrument, sizeLots } }) => `${instrument.venue} ${sizeLots}`);
  expect(venuesOf(0)).toEqual(["far 150", "near 81", "far 69"]); // 6.985 are left: 69 lots at 10.00 and the fee put aside
  expect(seen[1]?.decision.venues[1]).toMatchObject({
    reason: "its account can carry 69 of 150 lots: it has 6.985 USDT free",
    carriedUnits: 6_900_000n,
  });
  quote(far, 10_000);
  expect(venuesOf(3)).toEqual(["near 150", "near 150"]);
  expect(seen[3]?.decision.venues[1]?.reason).toMatch(/^its account has 0.0\d+ USDT free, too little for an order$/);
  expire(sent[0]!);
  quote(far, 10_000);
  expect(venuesOf(5)).toEqual(["far 150", "near 150"]);
  const votes = journal.rows.filter(({ kind }) => kind === "intent").map(({ body }) => JSON.parse(body as string));
  expect(votes.every(({ approved }) => approved)).toBe(true);

  const replay = await Replay.create({ ...common(twice([])), clock: new ManualClock() });
  for (const row of journal.rows) await replay.take(row);
  replay.end();
  expect(replay.tally).toMatchObject({ divergences: 0 });
  await Promise.all([core.close(), replay.close()]);
});
