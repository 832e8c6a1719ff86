import { ManualClock } from "@pitlane/perf/testing";
import { type Instrument, Levels, OrderBook, type OrderReport } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Core } from "../../src/core/core.ts";
import { Inputs } from "../../src/core/inputs.ts";
import { recover } from "../../src/core/recovery.ts";
import { Replay, type ReplayOptions, type ReplayRow } from "../../src/core/replay.ts";
import { checkConfig, definePlugin, defineStrategy, type Plugin } from "../../src/index.ts";
import { createStageLatencies } from "../../src/latency.ts";
import type { Order } from "../../src/orders/order.ts";
import { instrumentsById } from "../../src/orders/records.ts";
import { testInstrument } from "../../src/testing.ts";
import { MemoryJournal } from "./memory-journal.ts";

const instrument = testInstrument();
const instruments: readonly Instrument[] = [instrument];
const config = checkConfig({ risk: { maxOrderNotional: "1000000", maxPositionNotional: "1000000" } }, "test");

/** Orders on every quote, by rules that read all a strategy can read. */
function reader(offset = 0): Plugin {
  return defineStrategy({
    name: "reader",
    setup(ctx) {
      ctx.on("quote", ({ bidTicks, askTicks }) => {
        const open = ctx.openOrders(instrument);
        const depth = ctx.book(instrument)?.bidLevels ?? 0;
        if (open.length > 2) ctx.cancel(open[0]!);
        const isBuy = (bidTicks + depth + (ctx.nowUs() % 7) + offset) % 2 === 0;
        const sizeLots = 1000 + 10 * Math.abs(ctx.positionLots(instrument) % 5);
        const side = isBuy ? "buy" : "sell";
        ctx.submit({
          instrument,
          side,
          type: "limit",
          timeInForce: "GTC",
          priceTicks: isBuy ? bidTicks : askTicks,
          sizeLots,
        });
      });
    },
  });
}

const EVENT = {
  kind: "quote",
  instrument,
  venueAtUs: 0,
  receivedNs: 0,
  bidTicks: 1000,
  bidLots: 5,
  askTicks: 1001,
  askLots: 5,
  sequence: 99,
} as const;

/** Orders on every quote, with the time in the price. */
function teller(): Plugin {
  return defineStrategy({
    name: "teller",
    setup(ctx) {
      ctx.on("quote", () => {
        const priceTicks = 900 + ((ctx.nowUs() / 1000) % 100);
        ctx.submit({ instrument, side: "buy", type: "limit", priceTicks: Math.round(priceTicks), sizeLots: 1000 });
      });
    },
  });
}

/** What happens to a session, made up by a property test. */
type Step =
  | { readonly kind: "quote"; readonly bidTicks: number }
  | { readonly kind: "book"; readonly ticks: number; readonly lots: number; readonly isWhole: boolean }
  | { readonly kind: "gap" }
  | { readonly kind: "frameEnd" }
  | { readonly kind: "accept" | "fill" | "fail" | "lose" | "cancelled"; readonly pick: number }
  | { readonly kind: "pass"; readonly us: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("quote" as const), bidTicks: fc.integer({ min: 900, max: 1100 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("book" as const),
      ticks: fc.integer({ min: 900, max: 1100 }),
      lots: fc.integer({ min: 0, max: 3 }),
      isWhole: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "gap" as const }) },
  { weight: 4, arbitrary: fc.constant({ kind: "frameEnd" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("accept" as const, "fill" as const, "fail" as const, "lose" as const, "cancelled" as const),
      pick: fc.nat(1000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pass" as const), us: fc.integer({ min: 1, max: 5000 }) }) },
);

/** A live core with a journal in memory, and what a venue would do to it. */
async function live(plugins: readonly Plugin[]) {
  const clock = new ManualClock();
  const sent: Order[] = [];
  const books = { book: new OrderBook(), isSynced: false };
  const journal = new MemoryJournal(clock);
  const core: Core = await Core.create({
    ...common(plugins),
    journal: { append: (kind, body) => journal.append(kind, body, core.nowUs), commit: () => journal.commit() },
    wire: { send: ({ order }) => sent.push(order), cancel: () => {} },
    book: () => (books.isSynced ? books.book : undefined),
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: (control) => inputs.control(control),
    onFault: (source, message) => void journal.append("fault", { source, message }), // at once, as a session does
    onHalt: () => {},
  });
  const inputs: Inputs = new Inputs({ core, journal, onControl: () => {} });
  inputs.account(new Map([["USDT", 10n ** 18n]]));
  let sequence = 0;
  const received = () => ({ instrument, venueAtUs: 0, receivedAtUs: clock.nowUs(), receivedNs: clock.monotonicNs() });
  const changed = (ticks: number, lots: number) => {
    const levels = new Levels();
    levels.push(ticks, lots);
    return levels;
  };
  const take = (happening: Step) => {
    const order = "pick" in happening && sent.length > 0 ? sent[happening.pick % sent.length] : undefined;
    switch (happening.kind) {
      case "quote": {
        const { bidTicks } = happening;
        const quote = { bidTicks, bidLots: 5, askTicks: bidTicks + 1, askLots: 5, sequence: ++sequence };
        return inputs.market({ kind: "quote", ...received(), ...quote }, undefined, 0);
      }
      case "book": {
        const change = { bids: changed(happening.ticks, happening.lots), asks: new Levels() };
        if (!happening.isWhole && !books.isSynced) return;
        if (happening.isWhole) books.book.clear();
        books.book.setAll("bid", change.bids);
        books.isSynced = true;
        const event = { kind: "book", ...received(), book: books.book, sequence: ++sequence } as const;
        return inputs.market(event, happening.isWhole ? undefined : change, 0);
      }
      case "gap":
        books.isSynced = false;
        return inputs.market(
          { kind: "gap", ...received(), channel: "book", cause: "sequence", reason: "made up" },
          undefined,
          0,
        );
      case "frameEnd":
        return inputs.frameEnd();
      case "pass":
        return clock.advance({ ms: happening.us / 1000 });
      case "fail":
      case "lose":
        if (order?.isOpen) inputs.failure(order, happening.kind === "fail" ? "refused" : "unknown", "made up");
        return;
      default:
        if (order?.isOpen) inputs.report(reportOf(order, happening.kind, ++sequence));
    }
  };
  return { core, clock, inputs, journal, take };
}

function common(plugins: readonly Plugin[]): Omit<ReplayOptions, "clock"> {
  return {
    runKey: "k",
    config,
    instruments,
    plugins: plugins.map((plugin) => ({ plugin })),
    seed: 1,
    startedAtUs: new ManualClock().nowUs(),
    log: () => {},
    onFault: () => {},
  };
}

function reportOf(order: Order, kind: "accept" | "fill" | "cancelled", id: number): OrderReport {
  const { clientOrderId, intent } = order;
  const { side, sizeLots, priceTicks = 0 } = intent;
  const venueOrderId = `v-${clientOrderId}`;
  const base = { instrument, clientOrderId, venueOrderId, side, sizeLots, atUs: id };
  if (kind !== "fill") {
    const status = kind === "accept" ? "accepted" : "cancelled";
    return { ...base, status, filledLots: order.filledLots, fills: [] };
  }
  const fill = {
    instrument,
    clientOrderId,
    venueOrderId,
    tradeId: String(id),
    side,
    priceTicks,
    fee: 3n,
    feeAsset: "USDT",
    isMaker: true,
    atUs: id,
  };
  return {
    ...base,
    status: "filled",
    filledLots: sizeLots,
    fills: [{ ...fill, sizeLots: sizeLots - order.bookedLots }],
  };
}

async function replayed(rows: readonly ReplayRow[], plugins: readonly Plugin[]) {
  const replay = await Replay.create({ ...common(plugins), clock: new ManualClock(), goesOn: true });
  for (const row of rows) await replay.take(row);
  replay.end();
  return replay;
}

test("a run and its replay decide the same, whatever happened", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const { core, journal, take } = await live([reader()]);
      for (const happening of steps) take(happening);
      journal.append("snapshot", { core: core.record() });
      const { tally } = await replayed(journal.rows, [reader()]);
      expect(tally).toMatchObject({ divergences: 0, first: undefined });
      const decisions = journal.rows.filter(({ kind }) => ["intent", "cancel", "snapshot"].includes(kind));
      expect(tally.decisions).toBe(decisions.length);
    }),
    { numRuns: 60 },
  );
});

test("code that decides otherwise is found out at its first other decision, with both values", async () => {
  const { journal, take } = await live([reader()]);
  for (let i = 0; i < 5; i++) {
    take({ kind: "quote", bidTicks: 1000 });
    take({ kind: "frameEnd" });
  }
  const { tally } = await replayed(journal.rows, [reader(1)]);
  const firstIntent = journal.rows.find(({ kind }) => kind === "intent");
  expect(tally.first).toMatchObject({ seq: firstIntent?.seq, recorded: { kind: "intent", body: firstIntent?.body } });
  expect(JSON.parse(tally.first?.replayed?.body ?? "{}").side).not.toBe(JSON.parse(String(firstIntent?.body)).side);
});

/** Submits one order that rests, on the first quote. */
function once(name: string, after: () => void = () => {}, onFault: "cancel" | "flatten" = "cancel"): Plugin {
  return defineStrategy({
    name,
    onFault,
    setup(ctx) {
      let quotes = 0;
      ctx.on("quote", ({ bidTicks }) => {
        if (++quotes === 1)
          ctx.submit({ instrument, side: "buy", type: "limit", priceTicks: bidTicks, sizeLots: 2000 });
        after();
      });
    },
  });
}

const boom = () => {
  throw new Error("boom");
};

/** What of the journal matters here: `inputs` are left out. */
const kindsOf = (journal: MemoryJournal) => journal.rows.map(({ kind }) => kind).filter((kind) => kind !== "inputs");

const quoteOf = (bidTicks: number): readonly Step[] => [{ kind: "quote", bidTicks }, { kind: "frameEnd" }];

const thrower = definePlugin({ name: "thrower", setup: (ctx) => ctx.on("quote", { stage: "pre" }, boom) });
const shaper = definePlugin({ name: "shaper", setup: (ctx) => ctx.shape("intent", boom) });

test.each<[string, readonly Plugin[], readonly string[]]>([
  ["one plugin throws, and another submits", [thrower, once("buyer")], ["account", "fault", "intent"]],
  ["a hook submits, then throws", [once("buyer", boom)], ["account", "fault", "intent"]],
  ["a shaper throws", [shaper, once("buyer")], ["account", "fault", "intent"]],
])("a fault between an input and its decision is no divergence: %s", async (_, plugins, kinds) => {
  const { journal, take } = await live(plugins);
  for (const happening of quoteOf(1000)) take(happening);
  expect(kindsOf(journal)).toEqual(kinds);
  expect((await replayed(journal.rows, plugins)).tally).toMatchObject({ divergences: 0, decisions: 1 });
});

test.each(["cancel", "flatten"] as const)("a quarantine with an open order is no divergence: %s", async (onFault) => {
  const plugins = [once("faulty", boom, onFault)];
  const { journal, take } = await live(plugins);
  for (const happening of quoteOf(1000)) take(happening);
  take({ kind: "accept", pick: 0 });
  for (let i = 0; i < 20; i++) for (const happening of quoteOf(1000)) take(happening);
  expect(kindsOf(journal).slice(-3)).toEqual(["plugin.control", "fault", "cancel"]);
  expect((await replayed(journal.rows, plugins)).tally).toMatchObject({ divergences: 0, decisions: 2 });
});

test("a quarantine that closes a position is no divergence", async () => {
  const plugins = [once("faulty", boom, "flatten")];
  const { journal, take } = await live(plugins);
  for (const happening of quoteOf(1000)) take(happening);
  take({ kind: "fill", pick: 0 });
  for (let i = 0; i < 20; i++) for (const happening of quoteOf(1000)) take(happening);
  expect(kindsOf(journal).slice(-3)).toEqual(["plugin.control", "fault", "intent"]);
  expect((await replayed(journal.rows, plugins)).tally).toMatchObject({ divergences: 0, decisions: 2 });
});

test("a worker that ended with an open order is no divergence", async () => {
  const plugins = [once("worker")];
  const { inputs, journal, take } = await live(plugins);
  for (const happening of quoteOf(1000)) take(happening);
  take({ kind: "accept", pick: 0 });
  inputs.control({ kind: "lost", plugin: "worker", reason: "exit code 3", onFault: "cancel" });
  inputs.applyControls();
  expect(kindsOf(journal).slice(-3)).toEqual(["plugin.control", "fault", "cancel"]);
  expect((await replayed(journal.rows, plugins)).tally).toMatchObject({ divergences: 0, decisions: 2 });
});

test.each(["fault", "alert", "operator", "reconciled", "clock"])(
  "a row %s between an input and its decision is heard by nobody: neither decisions nor the time follow from it",
  async (kind) => {
    const { clock, inputs, journal, take } = await live([teller()]);
    const early = clock.nowUs();
    for (const happening of quoteOf(1000)) take(happening);
    clock.advance({ ms: 5 });
    journal.append(kind, {});
    inputs.market({ ...EVENT, receivedAtUs: early + 1000 }, undefined, 0); // received before that row was written
    inputs.frameEnd();
    const at = journal.rows.findIndex((row) => row.kind === "intent");
    journal.rows.splice(at, 0, { seq: 0, atUs: early + 5000, kind, body: "{}" });
    expect((await replayed(journal.rows, [teller()])).tally).toMatchObject({ divergences: 0, decisions: 2 });
  },
);

test("a process that was killed between an input and its decisions is no divergence when the run goes on", async () => {
  const before = await live([once("buyer")]);
  for (const happening of quoteOf(1000)) before.take(happening);
  const rows = before.journal.rows.filter(({ kind }) => kind !== "intent");
  const after = await live([once("buyer")]);
  const entries = rows
    .filter(({ kind }) => kind !== "inputs")
    .map(({ body, ...row }) => ({ ...row, body: JSON.parse(String(body)) }));
  const startedAtUs = before.core.nowUs;
  recover(after.core, entries, instrumentsById(instruments), ["buyer"]);
  const body = JSON.stringify({ startedAtUs, core: after.core.record() });
  const resumed = [...rows, { seq: rows.length + 1, atUs: startedAtUs, kind: "run.resume", body }];
  expect((await replayed(resumed, [once("buyer")])).tally).toMatchObject({ divergences: 0, decisions: 1 });
});

test("an order that ended before its fills came keeps waiting for them over snapshot and restart, and a replay decides the same", async () => {
  const before = await live([once("buyer")]);
  for (const happening of quoteOf(1000)) before.take(happening);
  const [{ clientOrderId: id } = {}] = before.core.execution.openOrders();
  const order = before.core.execution.find(id ?? "") as Order;
  const { fills, ...ended } = reportOf(order, "fill", 7);
  before.inputs.report({ ...ended, fills: [] }); // the answer; the fill comes by the user stream
  before.journal.append("snapshot", { core: before.core.record() });
  before.journal.commit();
  const after = await live([once("buyer")]);
  const { rows } = before.journal;
  const snapshot = rows.at(-1) as (typeof rows)[number];
  const entry = { ...snapshot, body: JSON.parse(String(snapshot.body)) };
  recover(after.core, [entry], instrumentsById(instruments), ["buyer"]);
  expect(after.core.execution.withMissingFills().map(({ clientOrderId }) => clientOrderId)).toEqual([id]);
  const body = JSON.stringify({ startedAtUs: before.core.nowUs, core: after.core.record() });
  const resumed = { seq: rows.length + 1, atUs: before.core.nowUs, kind: "run.resume", body };
  const told = after.journal.rows.length;
  after.inputs.report({ ...ended, fills });
  expect(after.core.portfolio.fills).toBe(1);
  expect(after.core.execution.withMissingFills()).toEqual([]);
  after.inputs.report({ ...ended, fills }); // told twice, heard once
  const later = after.journal.rows.slice(told);
  expect(later.map(({ kind }) => kind)).toEqual(["report"]);
  const renumbered = later.map((row, i) => ({ ...row, seq: rows.length + 2 + i }));
  const { tally, core } = await replayed([...rows, resumed, ...renumbered], [once("buyer")]);
  expect(tally).toMatchObject({ divergences: 0, decisions: 3 });
  expect(core.record()).toEqual(after.core.record());
});

test("with a first row to compare, only what was compared is counted", async () => {
  const { journal, take } = await live([reader()]);
  for (let i = 0; i < 5; i++) for (const happening of quoteOf(1000)) take(happening);
  const intents = journal.rows.filter(({ kind }) => kind === "intent");
  const replay = await Replay.create({
    ...common([reader()]),
    clock: new ManualClock(),
    fromSeq: intents.at(-2)?.seq ?? 0,
  });
  for (const row of journal.rows) await replay.take(row);
  replay.end();
  expect(intents.length).toBeGreaterThan(2);
  expect(replay.tally).toMatchObject({ divergences: 0, decisions: 2 });
});

test("a decision that is missing on either side is a divergence", async () => {
  const { journal, take } = await live([reader()]);
  take({ kind: "quote", bidTicks: 1000 });
  take({ kind: "frameEnd" });
  take({ kind: "quote", bidTicks: 1002 });
  take({ kind: "frameEnd" });
  journal.commit();
  const without = journal.rows.filter(({ kind }) => kind !== "intent");
  expect((await replayed(without, [reader()])).tally.first).toMatchObject({
    recorded: undefined,
    replayed: { kind: "intent" },
  });
  const silent = defineStrategy({ name: "reader", setup: () => {} });
  expect((await replayed(journal.rows, [silent])).tally.first).toMatchObject({
    recorded: { kind: "intent" },
    replayed: undefined,
  });
});

test("a core recovers orders, numbers and accounts from the rows of a process that was killed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), fc.nat(), async (steps, snapshotAt) => {
      const { core, journal, take } = await live([reader()]);
      for (const [index, happening] of steps.entries()) {
        take(happening);
        if (index === snapshotAt % Math.max(1, steps.length)) {
          take({ kind: "frameEnd" });
          journal.append("snapshot", { core: core.record() });
        }
      }
      take({ kind: "frameEnd" });
      journal.commit();
      const after = await live([reader()]);
      const entries = journal.rows
        .filter(({ kind }) => kind !== "inputs")
        .map(({ body, ...row }) => ({ ...row, body: JSON.parse(String(body)) }));
      const last = entries.map(({ kind }) => kind).lastIndexOf("snapshot");
      recover(after.core, entries.slice(Math.max(0, last)), instrumentsById(instruments), ["reader"]);
      const was = core.record();
      const is = after.core.record();
      expect(is.portfolio).toEqual(was.portfolio);
      expect(is.execution.numbers).toEqual(was.execution.numbers);
      expect(is.execution.counters).toEqual(was.execution.counters);
      const known = (open: typeof is.execution.open) =>
        open.map(({ clientOrderId, filledLots, bookedLots, tradeIds, venueOrderId }) => ({
          clientOrderId,
          filledLots,
          bookedLots,
          tradeIds,
          venueOrderId,
        }));
      expect(known(is.execution.open)).toEqual(known(was.execution.open));
      for (const [index, order] of was.execution.open.entries()) {
        const state = order.state === "submitted" ? "unknown" : order.state;
        expect(is.execution.open[index]?.state).toBe(state);
      }
    }),
    { numRuns: 60 },
  );
});
