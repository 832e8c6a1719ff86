import { type Clock, InvalidInputError } from "@pitlane/perf";
import type { TradingCommand } from "../engines/trading-state.ts";
import { bodyText } from "../journal/body-text.ts";
import { decodeInputs } from "../journal/input-reader.ts";
import type { InputRecord } from "../journal/inputs.ts";
import { createStageLatencies } from "../latency.ts";
import { fromReportRecord, type InstrumentOf, instrumentsById, type ReportRecord } from "../orders/records.ts";
import type { PluginControl, StartPhase } from "../plugins/host.ts";
import { Core } from "./core.ts";
import type { CoreOptions } from "./core-options.ts";
import type { CoreRecord } from "./core-record.ts";
import {
  balancesOf,
  type EndEntry,
  type FailureEntry,
  type RowEntry,
  recover,
  type VenueAccountEntry,
} from "./recovery.ts";
import { ReplayedBooks } from "./replayed-books.ts";

/** A row as a replay takes it: a block of inputs, or JSON text. */
export interface ReplayRow {
  readonly seq: number;
  readonly atUs: number;
  readonly kind: string;
  readonly body: string | Uint8Array;
}

/** Where a replay and its run part. */
export interface Divergence {
  /** The row at which it was seen. */
  readonly seq: number;
  readonly atUs: number;
  /** What the run decided there, kind and JSON text; undefined when it decided nothing. */
  readonly recorded: Decision | undefined;
  /** What the replay decided. */
  readonly replayed: Decision | undefined;
}

export interface Decision {
  readonly kind: string;
  readonly body: string;
}

/** What a replay has seen. */
export interface ReplayTally {
  readonly rows: number;
  readonly inputs: number;
  /** Decisions compared and found equal. */
  readonly decisions: number;
  readonly divergences: number;
  readonly first: Divergence | undefined;
}

export interface ReplayOptions
  extends Pick<
    CoreOptions,
    "runKey" | "config" | "instruments" | "plugins" | "seed" | "budgets" | "startedAtUs" | "log" | "onFault"
  > {
  /** Decisions of rows before it are made but neither compared nor counted. Default 1. */
  readonly fromSeq?: number;
  /** True for a what-if: go on after a divergence and count them. Default false: `done` is true after the first. */
  readonly goesOn?: boolean;
  /** Gives plugins their time to be set up and closed in; no decision reads it. */
  readonly clock: Clock;
}

/** Rows that a core decides; all others are inputs, or say something about the run. */
const DECISIONS: ReadonlySet<string> = new Set(["intent", "cancel", "amend", "route", "risk.breach", "snapshot"]);

/** Rows that nobody hears. They are written at any moment, between an input and its decisions too, and their time is not the core's. */
const NOTES: ReadonlySet<string> = new Set(["fault", "alert", "operator", "reconciled", "clock"]);

/**
 * Runs a journal through a core of its own, and compares each decision with the one that the journal holds.
 *
 * The same code decides on the same inputs in the same order, so that a run and its replay differ only where a plugin depends on
 * something else than its inputs: the wall clock, `Math.random`, a file, or code that was changed since.
 */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #books: ReplayedBooks;
  readonly #made: Decision[]; // by the core, not compared yet
  readonly #history: RowEntry[] = []; // since the last snapshot: what a resumed session recovers from
  #core: Core;
  readonly #instrumentOf: InstrumentOf;
  #lastSeq = 0;
  #rows = 0;
  #inputs = 0;
  #decisions = 0;
  #divergences = 0;
  #first: Divergence | undefined;

  private constructor(options: ReplayOptions, books: ReplayedBooks, core: Core, made: Decision[]) {
    this.#options = options;
    this.#books = books;
    this.#core = core;
    this.#made = made;
    this.#instrumentOf = instrumentsById(options.instruments);
  }

  /** @throws {InvalidInputError} When a plugin's config or setup fails. */
  static async create(options: ReplayOptions): Promise<Replay> {
    const books = new ReplayedBooks(options.instruments);
    const made: Decision[] = [];
    return new Replay(options, books, await createCore(options, books, made), made);
  }

  get tally(): ReplayTally {
    return {
      rows: this.#rows,
      inputs: this.#inputs,
      decisions: this.#decisions,
      divergences: this.#divergences,
      first: this.#first,
    };
  }

  /** A divergence was found and the replay does not go on after one. */
  get isOver(): boolean {
    return this.#first !== undefined && this.#options.goesOn !== true;
  }

  get core(): Core {
    return this.#core;
  }

  /** Takes the next row. */
  async take(row: ReplayRow): Promise<void> {
    this.#rows++;
    this.#lastSeq = row.seq;
    if (DECISIONS.has(row.kind)) return this.#compare(row);
    if (NOTES.has(row.kind)) return;
    // A process that was killed may have left an input without its decisions: what they would have been cannot be judged.
    if (row.kind === "run.resume") this.#made.length = 0;
    this.#expectNothing(row);
    if (row.kind === "inputs") {
      for (const record of decodeInputs(row.body as Uint8Array)) this.#feed(record);
      return;
    }
    const entry: RowEntry = { seq: row.seq, atUs: row.atUs, kind: row.kind, body: JSON.parse(row.body as string) };
    if (row.kind === "run.resume") await this.#resume(entry);
    else if (row.kind === "phase") await this.#phase(entry);
    else this.#input(entry);
    this.#history.push(entry);
  }

  /** The run is over: what was decided and is not in the journal is a divergence. Not for rows that end before their run does. */
  end(): void {
    this.#expectNothing({ seq: this.#lastSeq, atUs: this.#core.nowUs });
  }

  /** Ends the plugins. */
  close(): Promise<void> {
    return this.#core.close();
  }

  #feed(record: InputRecord): void {
    const core = this.#core;
    this.#inputs++;
    core.at(record.atUs);
    switch (record.kind) {
      case "frameEnd":
      case "continue":
        return core.drain();
      case "flushLow":
        return core.flushLow();
      case "timer":
        return core.onTimer(record.plugin, record.id);
      default: {
        if (record.kind === "book" && record.isRepeat) return; // the core was told of nothing
        const event = this.#books.toEvent(record);
        core.onMarket(event, 0);
      }
    }
  }

  #input({ seq, atUs, kind, body }: RowEntry): void {
    const core = this.#core;
    core.at(atUs);
    this.#inputs++;
    switch (kind) {
      case "report":
        return core.onReport(fromReportRecord(body as ReportRecord, this.#instrumentOf));
      case "failure": {
        const { clientOrderId, outcome, reason } = body as FailureEntry;
        return core.onFailure(clientOrderId, outcome, reason);
      }
      case "cancel.end":
      case "amend.end": {
        const { clientOrderId, refusal } = body as EndEntry;
        if (kind === "cancel.end") return core.onCancelEnded(clientOrderId, refusal);
        return core.onAmendEnded(clientOrderId, refusal);
      }
      case "overdue":
        return core.onOverdue((body as { readonly clientOrderId: string }).clientOrderId);
      case "plugin.control":
        return core.onControl(body as PluginControl);
      case "account":
        return core.portfolio.start(balancesOf(body));
      case "account.venue": {
        const { venue, balances } = body as VenueAccountEntry;
        return core.portfolio.start(balancesOf(balances), venue);
      }
      case "risk.state":
        return core.onTradingCommand(body as TradingCommand);
      case "stop":
        return core.stop((body as { readonly reason: string }).reason);
      case "cancel.open":
        return core.cancelOpen();
      case "plugin.swap": {
        const { plugin } = body as { readonly plugin: string };
        throw new InvalidInputError(
          `the code of ${plugin} was exchanged at event ${seq}, and what came after cannot be replayed: stop before, with --until ${seq - 1}`,
        );
      }
      default:
        this.#inputs--; // says something about the run, and nothing hears it
    }
  }

  async #phase({ atUs, body }: RowEntry): Promise<void> {
    this.#inputs++;
    this.#core.at(atUs);
    await this.#core.onPhase((body as { readonly phase: StartPhase }).phase);
  }

  async #resume(entry: RowEntry): Promise<void> {
    const { startedAtUs, core: recordedCore } = entry.body as ResumeEntry;
    this.#books.clear();
    await this.#core.close();
    this.#core = await createCore({ ...this.#options, startedAtUs }, this.#books, this.#made);
    recover(this.#core, this.#history, this.#instrumentOf, this.#core.plugins.names);
    this.#core.at(entry.atUs);
    const recorded = bodyText(recordedCore);
    const replayed = bodyText(this.#core.record());
    if (recorded === replayed) this.#equal(entry);
    else this.#diverged(entry, { kind: entry.kind, body: recorded }, { kind: entry.kind, body: replayed });
  }

  #compare(row: ReplayRow): void {
    const recorded: Decision = { kind: row.kind, body: row.body as string };
    if (row.kind === "snapshot") {
      const { core } = JSON.parse(recorded.body) as { readonly core: CoreRecord };
      this.#core.plugins.takeWorkerStates(core.plugins);
      this.#made.push({ kind: "snapshot", body: bodyText({ core: this.#core.record() }) });
    }
    const replayed = this.#made.shift();
    this.#remember(row, recorded);
    if (replayed?.kind === recorded.kind && replayed.body === recorded.body) this.#equal(row);
    else this.#diverged(row, recorded, replayed);
  }

  #expectNothing(at: { readonly seq: number; readonly atUs: number }): void {
    for (const replayed of this.#made.splice(0)) this.#diverged(at, undefined, replayed);
  }

  #equal({ seq }: { readonly seq: number }): void {
    if (this.#isCompared(seq)) this.#decisions++;
  }

  #diverged(
    { seq, atUs }: { readonly seq: number; readonly atUs: number },
    recorded?: Decision,
    replayed?: Decision,
  ): void {
    if (!this.#isCompared(seq)) return;
    this.#divergences++;
    this.#first ??= { seq, atUs, recorded, replayed };
  }

  #isCompared(seq: number): boolean {
    return seq >= (this.#options.fromSeq ?? 1);
  }

  // A snapshot holds all that came before it.
  #remember({ seq, atUs, kind }: ReplayRow, { body }: Decision): void {
    if (kind === "snapshot") this.#history.length = 0;
    this.#history.push({ seq, atUs, kind, body: JSON.parse(body) });
  }
}

/** What a replay reads of a `run.resume` row. */
interface ResumeEntry {
  readonly startedAtUs: number;
  readonly core: CoreRecord;
}

function createCore(options: ReplayOptions, books: ReplayedBooks, made: Decision[]): Promise<Core> {
  const { runKey, config, instruments, plugins, seed, budgets, startedAtUs, clock, log, onFault } = options;
  return Core.create({
    runKey,
    config,
    instruments,
    plugins,
    seed,
    ...(budgets === undefined ? {} : { budgets }),
    startedAtUs,
    journal: {
      append: (kind, body) => {
        if (DECISIONS.has(kind)) made.push({ kind, body: bodyText(body) });
      },
      commit: () => {},
    },
    wire: { send: () => {}, cancel: () => {}, amend: () => {} }, // what became of them is in the journal
    book: (instrument) => books.get(instrument),
    clock,
    latencies: createStageLatencies(),
    defer: () => {}, // the journal says when it went on
    timers: { set: () => {}, clear: () => {} }, // and which timers fired
    control: () => {}, // and what was done to plugins
    isReplay: true,
    log,
    onFault,
    onHalt: () => {}, // nothing is written that could fail
  });
}
