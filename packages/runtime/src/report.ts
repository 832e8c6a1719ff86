import type { LatencySummary } from "@pitlane/perf/metrics";
import type { InstrumentCounters } from "@pitlane/sdk";
import type { LaneCounters } from "./bus/counters.ts";
import type { LaneName } from "./bus/events.ts";
import type { Denial } from "./engines/denials.ts";
import type { SessionPerformance } from "./engines/performance-monitor.ts";
import type { Rejection } from "./engines/rejections.ts";
import type { TradingStatus } from "./engines/trading-state.ts";
import type { Stage } from "./latency.ts";

/** A final order book: how deep it was, its top as decimal text, and the digest of all its levels. */
export interface BookReport {
  readonly bidLevels: number;
  readonly askLevels: number;
  /** Price and size; null when the side is empty. */
  readonly bestBid: readonly [string, string] | null;
  readonly bestAsk: readonly [string, string] | null;
  /** SHA-256, hex, of the lines "b PRICE SIZE" (best first) and then "a PRICE SIZE" (best first), joined by line feeds. */
  readonly sha256: string;
}

export interface InstrumentReport extends Readonly<InstrumentCounters> {
  /** Null when the book was not in sync at the end: a book that is not good is not shown. */
  readonly book: BookReport | null;
}

/** What a run did, as `--json FILE` writes it. `schema/report.schema.json` is its JSON Schema; names only ever get more. */
export interface Report {
  readonly run: {
    readonly id: string;
    readonly mode: RunMode;
    readonly seed: number;
    /** Microseconds since the epoch. */
    readonly startedAtUs: number;
    readonly durationMs: number;
    /** Node's version. */
    readonly node: string;
    /** Pitlane's version. */
    readonly version: string;
    readonly strategies: readonly string[];
    /** Why the run ended. */
    readonly endedBy: EndReason;
    /** From the start of the run until the first market event was received; null when there was none. */
    readonly firstEventMs: number | null;
  };
  readonly market: {
    readonly events: number;
    readonly eventsPerSecond: number;
    readonly gaps: number;
    readonly resyncs: number;
    readonly instruments: Readonly<Record<string, InstrumentReport>>;
  };
  readonly orders: {
    readonly intents: number;
    readonly denied: number;
    readonly submitted: number;
    readonly accepted: number;
    readonly filled: number;
    readonly cancelled: number;
    readonly expired: number;
    readonly rejected: number;
    /** Orders whose outcome was still unknown at the end. */
    readonly unknown: number;
    readonly duplicated: number;
    /** Orders still open at the end. */
    readonly open: number;
  };
  readonly fills: { readonly count: number };
  readonly latency: Readonly<Record<Stage, LatencySummary>>;
  readonly portfolio: {
    readonly balances: Readonly<Record<string, string>>;
    /** By quote asset, average cost, before fees. */
    readonly realized: Readonly<Record<string, string>>;
    /** As `realized`, where what closes a position closes the oldest first. */
    readonly realizedFifo: Readonly<Record<string, string>>;
    /** By the asset they were paid in. */
    readonly fees: Readonly<Record<string, string>>;
    /** By quote asset: realised and open positions at the last mid prices, less fees. */
    readonly profit: Readonly<Record<string, string>>;
    /** Bought less sold by instrument, in base units. */
    readonly positions: Readonly<Record<string, string>>;
  };
  readonly performance: SessionPerformance;
  readonly bus: { readonly lanes: Readonly<Record<LaneName, Readonly<LaneCounters>>> };
  /** Why orders were rejected, most often first: the venue's words, or ours where an order did not get that far. */
  readonly rejections: readonly Rejection[];
  /** How trading stood at the end, and why; and why orders were denied, most often first. */
  readonly risk: TradingStatus & { readonly denials: readonly Denial[] };
  readonly memory: { readonly rssMb: number; readonly heapMb: number };
  readonly journal: {
    readonly path: string;
    readonly events: number;
    readonly bytes: number;
    readonly headHash: string;
  };
  readonly faults: readonly Fault[];
}

export type RunMode = "paper" | "recording" | "testnet" | "live";

export type EndReason =
  | "duration"
  | "signal"
  | "recordingEnded"
  | "parentGone"
  | "outputClosed"
  | "halted"
  | "riskHalted"
  | "requested"
  | "failed";

/** Something that should not have happened. */
export interface Fault {
  /** Microseconds since the epoch. */
  readonly atUs: number;
  /** Which part noticed. */
  readonly source: string;
  readonly message: string;
  /** How often; only the first time of a message is listed. */
  readonly count: number;
}

/** Collects faults: one entry a message, the first 1,000 messages, with counts. */
export class FaultLog {
  readonly #entries = new Map<string, { atUs: number; source: string; message: string; count: number }>();
  readonly #nowUs: () => number;
  #left = 0; // faults whose message found no room

  constructor(nowUs: () => number) {
    this.#nowUs = nowUs;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns true when the message is new. */
  add(source: string, message: string): boolean {
    const key = `${source}\n${message}`;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.count++;
      return false;
    }
    if (this.#entries.size >= 1000) {
      this.#left++;
      return false;
    }
    this.#entries.set(key, { atUs: this.#nowUs(), source, message, count: 1 });
    return true;
  }

  list(): readonly Fault[] {
    const listed = [...this.#entries.values()].map((entry) => ({ ...entry }));
    if (this.#left > 0)
      listed.push({
        atUs: this.#nowUs(),
        source: "faults",
        message: "further faults were counted, not listed",
        count: this.#left,
      });
    return listed;
  }
}
