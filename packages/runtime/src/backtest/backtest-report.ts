import { formatScaled, formatUnits, type Instrument, notionalUnits } from "@pitlane/sdk";
import type { Config } from "../config.ts";
import type { PerformanceReport } from "../engines/performance.ts";
import { toDecimals } from "../engines/portfolio.ts";
import { VERSION } from "../version.ts";
import { type ClosedTrade, closedTrades, feeInQuote } from "./closed-trades.ts";
import type { Denial } from "./denials.ts";
import type { MonteCarlo } from "./monte-carlo.ts";
import type { BacktestOptions } from "./options.ts";
import type { LoadedData } from "./readers/read-market-data.ts";
import type { BacktestResult, SimFill, SimLatencies } from "./result.ts";
import type { Sweep } from "./sweep.ts";
import type { ParamSet } from "./sweep-grid.ts";
import { pointsOf } from "./trial.ts";
import type { WalkForward } from "./walk-forward.ts";

/** What a backtest was run with, as a person set it. */
export interface BacktestSettings {
  readonly fees: BacktestOptions["fees"];
  /** As it was asked for: `recorded`, `1 ms`, `1000 values of latency.txt`. */
  readonly latency: { readonly feed: string; readonly order: string };
  /** As `BacktestOptions` takes it; what is left out is the default. */
  readonly fillModel: NonNullable<BacktestOptions["fillModel"]>;
  /** Decimal text by asset. */
  readonly balances: Readonly<Record<string, string>>;
  readonly seed: number;
}

/** How one strategy did. Amounts are decimal text by quote asset. */
export interface StrategyOutcome {
  readonly strategy: string;
  readonly fills: number;
  readonly makerShare: number | null;
  /** Fills that closed (part of) a position. */
  readonly trades: number;
  readonly wins: number;
  /** Of closed trades, at average cost, after fees. */
  readonly profit: Readonly<Record<string, string>>;
  readonly fees: Readonly<Record<string, string>>;
  readonly volume: Readonly<Record<string, string>>;
}

/** One fill as the report keeps it: prices and sizes as decimal text. */
export interface ReportedFill {
  readonly clientOrderId: string;
  readonly strategy: string;
  readonly instrument: string;
  readonly side: SimFill["side"];
  readonly price: string;
  readonly size: string;
  readonly fee: string;
  readonly feeAsset: string;
  readonly isMaker: boolean;
  readonly atUs: number;
  readonly wantedAtUs: number;
}

/** A combination of parameters and what came of it. */
export interface ReportedTrial {
  readonly params: ParamSet;
  readonly fills: number;
  readonly performance: PerformanceReport;
}

/** What a backtest did, as `--json FILE` writes it. `schema/backtest.schema.json` is its JSON Schema; names only ever get more. */
export interface BacktestReport {
  /** Pitlane's version. */
  readonly version: string;
  readonly strategies: readonly { readonly name: string; readonly version: string }[];
  readonly data: {
    readonly format: LoadedData["format"];
    readonly files: readonly string[];
    readonly instruments: readonly string[];
    /** Rows, frames or records read. */
    readonly rows: number;
    /** Reading and decoding, apart from the run. */
    readonly readMs: number;
    readonly notes: readonly string[];
  };
  readonly tier: BacktestResult["tier"];
  /** What the tier leaves out of the real world. */
  readonly ignores: readonly string[];
  readonly settings: BacktestSettings;
  /** Configs of the strategies, with secrets as they were named and not as they are. */
  readonly config: Config["strategies"];
  /** Microseconds since the epoch. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly events: number;
  readonly elapsedMs: number;
  readonly eventsPerSecond: number;
  readonly orders: BacktestResult["orders"];
  /** Why orders were denied: how often, by code; most often first. */
  readonly denials: readonly Denial[];
  readonly performance: PerformanceReport;
  readonly byStrategy: readonly StrategyOutcome[];
  readonly balances: Readonly<Record<string, string>>;
  readonly latency: SimLatencies;
  readonly faults: readonly string[];
  /** Equity over time; amounts in decimal text of `performance.asset`. */
  readonly curve: readonly (readonly [atUs: number, equity: string])[];
  readonly fills: { readonly count: number /** The first 10,000. */; readonly first: readonly ReportedFill[] };
  readonly monteCarlo: MonteCarlo | null;
  readonly sweep: {
    readonly objective: Sweep["objective"];
    readonly trials: number;
    readonly failed: number;
    /** The first 1,000, best first. */
    readonly best: readonly ReportedTrial[];
    readonly deflation: Sweep["deflation"] | null;
  } | null;
  readonly walkForward: WalkForward | null;
}

/** What a report is made of. */
export interface ReportParts {
  readonly result: BacktestResult;
  readonly loaded: LoadedData;
  readonly settings: BacktestSettings;
  readonly strategies: BacktestReport["strategies"];
  readonly config: Config["strategies"];
  readonly denials: readonly Denial[];
  readonly monteCarlo?: MonteCarlo | undefined;
  readonly sweep?: Sweep | undefined;
  readonly walkForward?: WalkForward | undefined;
}

const MOST_FILLS = 10_000;
const MOST_TRIALS = 1_000;

/** Puts a report together. Pure. */
export function backtestReport(parts: ReportParts): BacktestReport {
  const { result, loaded, settings, strategies, config, denials, monteCarlo, sweep, walkForward } = parts;
  const { curve, fills, events, elapsedNs } = result;
  const instruments = instrumentsOf(loaded);
  const points = pointsOf(curve);
  return {
    version: VERSION,
    strategies,
    data: {
      format: loaded.format,
      files: loaded.files,
      instruments: [...instruments.keys()],
      rows: loaded.rows,
      readMs: Math.round(loaded.elapsedNs / 1e3) / 1e3,
      notes: loaded.notes,
    },
    tier: result.tier,
    ignores: result.ignores,
    settings,
    config,
    fromUs: result.fromUs,
    toUs: result.toUs,
    events,
    elapsedMs: Math.round(elapsedNs / 1e3) / 1e3,
    eventsPerSecond: elapsedNs === 0 ? 0 : Math.round((events / elapsedNs) * 1e9),
    orders: { ...result.orders },
    denials,
    performance: result.performance,
    byStrategy: byStrategy(fills, instruments),
    balances: toDecimals(result.portfolio.balances),
    latency: result.latency,
    faults: result.faults,
    curve: points.atUs.map((atUs, i) => [atUs, formatUnits(BigInt(Math.round(points.equity[i] as number)))]),
    fills: { count: fills.length, first: fills.slice(0, MOST_FILLS).map((fill) => reported(fill, instruments)) },
    monteCarlo: monteCarlo ?? null,
    sweep: sweep === undefined ? null : reportedSweep(sweep),
    walkForward: walkForward ?? null,
  };
}

export function instrumentsOf({ data }: Pick<LoadedData, "data">): ReadonlyMap<string, Instrument> {
  return new Map(data.map(({ instrument }) => [instrument.id, instrument]));
}

/** What each strategy did, in the order of their first fills. Pure. */
function byStrategy(
  fills: readonly SimFill[],
  instruments: ReadonlyMap<string, Instrument>,
): readonly StrategyOutcome[] {
  const closed = groupByStrategy(closedTrades(fills, instruments));
  return [...groupByStrategy(fills)].map(([strategy, some]) => {
    const trades = closed.get(strategy) ?? [];
    const quoteOf = (id: string) => instruments.get(id)?.quote ?? id;
    return {
      strategy,
      fills: some.length,
      makerShare: some.length === 0 ? null : some.filter(({ isMaker }) => isMaker).length / some.length,
      trades: trades.length,
      wins: trades.filter(({ profitUnits }) => profitUnits > 0n).length,
      profit: sumBy(trades, (trade: ClosedTrade) => [quoteOf(trade.instrument), trade.profitUnits]),
      fees: sumBy(some, (fill) => feeOf(fill, instruments)),
      volume: sumBy(some, (fill) => volumeOf(fill, instruments)),
    };
  });
}

function groupByStrategy<T extends { readonly strategy: string }>(
  items: readonly T[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.strategy);
    if (group === undefined) groups.set(item.strategy, [item]);
    else group.push(item);
  }
  return groups;
}

function feeOf(fill: SimFill, instruments: ReadonlyMap<string, Instrument>): readonly [string, bigint] {
  const instrument = instruments.get(fill.instrument);
  if (instrument === undefined) return [fill.feeAsset, fill.fee];
  const isThird = fill.feeAsset !== instrument.base && fill.feeAsset !== instrument.quote;
  return isThird ? [fill.feeAsset, fill.fee] : [instrument.quote, feeInQuote(fill, instrument)];
}

function volumeOf(fill: SimFill, instruments: ReadonlyMap<string, Instrument>): readonly [string, bigint] {
  const instrument = instruments.get(fill.instrument);
  return instrument === undefined
    ? [fill.instrument, 0n]
    : [instrument.quote, notionalUnits(instrument, fill.priceTicks, fill.sizeLots)];
}

function sumBy<T>(items: readonly T[], part: (item: T) => readonly [string, bigint]): Record<string, string> {
  const sums = new Map<string, bigint>();
  for (const item of items) {
    const [asset, units] = part(item);
    sums.set(asset, (sums.get(asset) ?? 0n) + units);
  }
  return toDecimals(sums);
}

function reported(fill: SimFill, instruments: ReadonlyMap<string, Instrument>): ReportedFill {
  const { priceDecimals = 0, sizeDecimals = 0 } = instruments.get(fill.instrument) ?? {};
  const { clientOrderId, strategy, instrument, side, feeAsset, isMaker, atUs, wantedAtUs } = fill;
  return {
    clientOrderId,
    strategy,
    instrument,
    side,
    price: formatScaled(fill.priceTicks, priceDecimals),
    size: formatScaled(fill.sizeLots, sizeDecimals),
    fee: formatUnits(fill.fee),
    feeAsset,
    isMaker,
    atUs,
    wantedAtUs,
  };
}

function reportedSweep({ objective, trials, failed, deflation }: Sweep): BacktestReport["sweep"] {
  return {
    objective,
    trials: trials.length + failed.length,
    failed: failed.length,
    best: trials.slice(0, MOST_TRIALS).map(({ set, fills = 0, performance }) => ({ params: set, fills, performance })),
    deflation: deflation ?? null,
  };
}
