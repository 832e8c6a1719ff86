import { type Clock, InvalidInputError } from "@pitlane/perf";
import { formatScaled, type Instrument } from "@pitlane/sdk";
import { Core } from "../core/core.ts";
import { jsonRows, type RowEntry, takeBack } from "../core/recovery.ts";
import { ReplayedBooks } from "../core/replayed-books.ts";
import { describePortfolio } from "../describe.ts";
import { toDecimals } from "../engines/portfolio.ts";
import type { JournalRow } from "../journal/chain.ts";
import { decodeInputs } from "../journal/input-reader.ts";
import { findMoment } from "../journal/moments.ts";
import { lastRow, readRowsWithSegments } from "../journal/read.ts";
import { createStageLatencies } from "../latency.ts";
import type { Order } from "../orders/order.ts";
import { fromInstrumentRecord, instrumentsById } from "../orders/records.ts";
import { definePlugin } from "../plugins/define.ts";
import type { PluginControl, PluginEntry } from "../plugins/host.ts";
import { readStartWithSegments, type StartRecord } from "../run-record.ts";
import { toMarketView } from "./market-view.ts";
import { findMarketStart, readMarket } from "./moment-market.ts";
import type { Moment, MomentOrder, MomentPlugin, MomentRow } from "./moment-types.ts";

export interface MomentOptions {
  readonly journalPath: string;
  /** Microseconds since the epoch; moments outside of the run are taken for its start or its end. */
  readonly atUs: number;
  readonly clock: Pick<Clock, "monotonicNs"> & Clock;
  readonly signal?: AbortSignal;
}

const LEVELS = 10;
const LAST_ROWS = 50;
const LONGEST_TEXT = 500;
const ENDS: ReadonlySet<string> = new Set(["run.end", "run.failed"]);

/**
 * How a run stood at a moment, worked out from its journal: orders, accounts and plugins from the last snapshot on, as a restart takes them
 * back, and the market from its last whole books.
 *
 * No code of a strategy runs, so that runs can be looked at whose strategies are gone or have changed; what plugins keep to themselves is
 * not shown. While the session writes, the moment is at most a journal's flush behind it.
 *
 * It takes the time that reading takes: run it beside a session, not in it (`momentOf`).
 *
 * @throws {InvalidInputError} When the journal is missing, none, or its run has not begun. @throws {JournalError} When it is damaged there.
 * @throws The signal's reason.
 * @example
 * const { markets, orders, profit } = await workOutMoment({ journalPath: "run/journal.db", atUs, clock });
 */
export async function workOutMoment({ journalPath, atUs, clock, signal }: MomentOptions): Promise<Moment> {
  const startedNs = clock.monotonicNs();
  const start = await readStartWithSegments(journalPath);
  const end = lastRow(journalPath);
  if (end === undefined) throw new InvalidInputError(`${journalPath} is empty: its run has not begun`);
  const shownUs = Math.min(Math.max(atUs, start.startedAtUs), end.atUs);
  const { untilSeq, stateSeq } = findMoment(journalPath, shownUs, end.seq);
  const instruments = start.instruments.map(fromInstrumentRecord);
  const books = new ReplayedBooks(instruments);
  const core = await createCore(start, instruments, books, clock);
  try {
    const entries = await readEntries(journalPath, stateSeq, untilSeq, signal);
    takeBack(core, entries, instrumentsById(instruments), core.plugins.names);
    const span = {
      journalPath,
      untilSeq,
      atUs: shownUs,
      instruments: instruments.length,
      ...(signal === undefined ? {} : { signal }),
    };
    const from = await findMarketStart(span);
    await readMarket(span, from, books, (event, index) => core.market.apply(event, index));
    return {
      run: {
        id: start.id,
        mode: start.mode,
        version: start.version,
        strategies: start.plugins.map(({ name }) => name),
        startedAtUs: start.startedAtUs,
        lastAtUs: end.atUs,
        isOver: await isOver(journalPath, end.seq),
      },
      atUs: shownUs,
      seq: untilSeq,
      fromSeq: stateSeq,
      ...describeCore(core, instruments),
      plugins: describePlugins(start, core, entries),
      rows: await lastRows(journalPath, untilSeq),
      notes: from.unknown.map(
        (index) => `the book of ${instruments[index]?.id} is not shown: its whole lies further back than was looked`,
      ),
      elapsedMs: Math.round((clock.monotonicNs() - startedNs) / 1e3) / 1e3,
    };
  } finally {
    await core.close();
  }
}

/** A core that decides nothing: its plugins are names alone. */
function createCore(
  { key, config, startedAtUs, plugins }: StartRecord,
  instruments: readonly Instrument[],
  books: ReplayedBooks,
  clock: Clock,
): Promise<Core> {
  return Core.create({
    runKey: key,
    config,
    instruments,
    plugins: plugins.map(standIn),
    seed: config.seed,
    startedAtUs,
    journal: { append: () => {}, commit: () => {} },
    wire: { send: () => {}, cancel: () => {}, amend: () => {} },
    book: (instrument) => books.get(instrument),
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: () => {},
    isReplay: true,
    log: () => {},
    onFault: () => {},
    onHalt: () => {},
  });
}

/** Takes the place of a plugin whose code is not needed: it takes any state and does nothing with it. */
function standIn({ name, version }: StartRecord["plugins"][number]): PluginEntry {
  return { plugin: definePlugin({ name, version, setup: () => ({ hydrate: () => {} }) }) };
}

async function readEntries(path: string, fromSeq: number, untilSeq: number, signal?: AbortSignal): Promise<RowEntry[]> {
  const entries: RowEntry[] = [];
  for await (const row of readRowsWithSegments(path, { fromSeq, untilSeq })) {
    signal?.throwIfAborted();
    entries.push(...jsonRows([row]));
  }
  return entries;
}

function describeCore(core: Core, instruments: readonly Instrument[]) {
  const { execution, portfolio, market, valuation, trading } = core;
  const { balances, realized, fees } = describePortfolio(portfolio);
  const profit = portfolio.profit(
    (instrument) => core.twiceMidTicks(instrument),
    (units, from, to) => valuation.tryConvert(units, from, to),
  );
  const markets = instruments
    .map((instrument, index) => {
      const quote = market.quote(index);
      // An empty side has no price: there is no quote to be shown then.
      const position = portfolio.position(instrument);
      const book = market.book(instrument);
      return toMarketView({ instrument, book, quote, position }, LEVELS);
    })
    .filter(({ isSynced, quote, positionSize }) => isSynced || quote !== null || positionSize !== "0");
  return {
    trading,
    markets,
    orders: execution.openOrders().map(describeOrder),
    counters: { ...execution.counters },
    fills: portfolio.fills,
    balances,
    realized,
    fees,
    profit: toDecimals(profit),
  };
}

function describeOrder(order: Order): MomentOrder {
  const { clientOrderId, strategy, intent, state, sizeLots, filledLots, bornAtUs } = order;
  const { instrument, side, type, priceTicks } = intent;
  return {
    clientOrderId,
    strategy,
    instrument: instrument.id,
    side,
    type,
    state,
    price: priceTicks === undefined ? null : formatScaled(priceTicks, instrument.priceDecimals),
    size: formatScaled(sizeLots, instrument.sizeDecimals),
    filled: formatScaled(filledLots, instrument.sizeDecimals),
    bornAtUs,
  };
}

function describePlugins(start: StartRecord, core: Core, entries: readonly RowEntry[]): readonly MomentPlugin[] {
  const words = new Map<string, Pick<MomentPlugin, "standing" | "reason">>();
  for (const { kind, body } of entries) {
    if (kind !== "plugin.control") continue;
    const control = body as PluginControl;
    const word = wordOf(control);
    if (word !== undefined) words.set(control.plugin, word);
  }
  const { plugins: host } = core;
  return start.plugins.map(({ name, version }, owner) => {
    const said = words.get(name) ?? { standing: "active", reason: "" };
    // A snapshot keeps that a plugin was taken out or paused, and no reason.
    const isOut = host.standing(owner) === "quarantined";
    const standing = isOut ? "quarantined" : host.isPaused(owner) ? "paused" : said.standing;
    return { name, version, standing, reason: said.standing === standing ? said.reason : "" };
  });
}

function wordOf(control: PluginControl): Pick<MomentPlugin, "standing" | "reason"> | undefined {
  switch (control.kind) {
    case "warn":
      return { standing: "warned", reason: control.reason };
    case "shed":
      return { standing: "shed", reason: control.reason };
    case "quarantine":
      return { standing: "quarantined", reason: control.reason };
    case "pause":
      return { standing: "paused", reason: `by ${control.by}` };
    case "restore":
    case "resume":
      return { standing: "active", reason: "" };
    case "lost":
      return { standing: "restarting", reason: control.reason };
    default: // a word of its worker, or on its knobs
      return undefined;
  }
}

async function lastRows(path: string, untilSeq: number): Promise<readonly MomentRow[]> {
  const rows: MomentRow[] = [];
  for await (const row of readRowsWithSegments(path, { fromSeq: Math.max(1, untilSeq - LAST_ROWS + 1), untilSeq }))
    rows.push({ seq: row.seq, atUs: row.atUs, kind: row.kind, text: textOf(row) });
  return rows;
}

function textOf({ body }: JournalRow): string {
  if (typeof body === "string") return body.length > LONGEST_TEXT ? `${body.slice(0, LONGEST_TEXT - 1)}…` : body;
  const counts = new Map<string, number>();
  for (const { kind } of decodeInputs(body)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
}

async function isOver(path: string, lastSeq: number): Promise<boolean> {
  for await (const { kind } of readRowsWithSegments(path, { fromSeq: lastSeq })) return ENDS.has(kind);
  return false;
}
