import { formatScaled, formatUnits, type Instrument, notionalUnits } from "@pitlane/sdk";
import type { Config } from "../config.ts";
import { describePortfolio } from "../describe.ts";
import type { Denial } from "../engines/denials.ts";
import { feeInQuote } from "../engines/fee-value.ts";
import type { PerformanceReport } from "../engines/performance.ts";
import { toDecimals } from "../engines/portfolio.ts";
import type { Rejection } from "../engines/rejections.ts";
import type { Report } from "../report.ts";
import { VERSION } from "../version.ts";
import { type ClosedTrade, closedTrades } from "./closed-trades.ts";
import type { MonteCarlo, Percentiles } from "./monte-carlo.ts";
import type { BacktestOptions } from "./options.ts";
import type { LoadedData } from "./readers/read-market-data.ts";
import type { BacktestResult, SimFill, SimHalt, SimLatencies } from "./result.ts";
import type { Sweep } from "./sweep.ts";
import type { ParamSet } from "./sweep-grid.ts";
import { type CurvePoints, pointsOf, type TrialOutcome } from "./trial.ts";
import type { WalkForward, WindowOutcome } from "./walk-forward.ts";

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
  /** Orders that risk denied. */
  readonly denied: number;
  /** What its plugins did wrong, and went on. */
  readonly faults: number;
  readonly performance: PerformanceReport;
}

/** Amounts that a share of all runs did not exceed, in decimal text of `performance.asset`. */
export type ReportedPercentiles = Readonly<Record<keyof Percentiles, string>>;

/** A Monte Carlo with its amounts as decimal text. */
export interface ReportedMonteCarlo extends Pick<MonteCarlo, "runs" | "trades" | "seed" | "lossShare"> {
  readonly maxDrawdown: string;
  readonly shuffledDrawdown: ReportedPercentiles;
  readonly drawnProfit: ReportedPercentiles;
  readonly drawnDrawdown: ReportedPercentiles;
}

/** Points of a curve of equity: times in microseconds since the epoch, amounts in decimal text. */
export interface ReportedPoints {
  readonly atUs: readonly number[];
  readonly equity: readonly string[];
}

/** A walk-forward with its amounts as decimal text. */
export interface ReportedWalkForward extends Omit<WalkForward, "windows" | "joined"> {
  readonly windows: readonly ReportedWindow[];
  readonly joined: Omit<WalkForward["joined"], "curve"> & { readonly curve: ReportedPoints };
}

export interface ReportedWindow extends Omit<WindowOutcome, "test"> {
  readonly test: Omit<TrialOutcome, "curve"> & { readonly curve?: ReportedPoints };
}

/** A combination of parameters that counts for nothing. */
export interface FailedTrial {
  readonly params: ParamSet;
  /** A refused setting, or the fault that its strategy was quarantined for. */
  readonly reason: string;
}

/** As a session's report has it, and what is open. Amounts are decimal text by quote asset. */
export interface ReportedPortfolio extends Readonly<Report["portfolio"]> {
  /** Open positions at the last prices less what they cost, at average cost; before fees. */
  readonly unrealized: Readonly<Record<string, string>>;
  /** As `unrealized`, where what closes a position closes the oldest first. */
  readonly unrealizedFifo: Readonly<Record<string, string>>;
}

/** A limit on losses that was passed. */
export interface ReportedHalt extends Pick<SimHalt, "atUs" | "code" | "state" | "asset" | "reason"> {
  /** The drawdown of the profit, or the day's loss. */
  readonly loss: string;
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
  /** Why the simulated venue rejected orders, most often first. */
  readonly rejections: readonly Rejection[];
  readonly performance: PerformanceReport;
  readonly byStrategy: readonly StrategyOutcome[];
  readonly balances: Readonly<Record<string, string>>;
  /** What the fills came to; names as in the report of a session. */
  readonly portfolio: ReportedPortfolio;
  /** When a limit on losses halted trading, or left reducing orders alone. */
  readonly halts: readonly ReportedHalt[];
  readonly latency: SimLatencies;
  readonly faults: readonly string[];
  /** Strategies that were taken out for their faults, with the reason, by name: the figures are those of a run without them. */
  readonly quarantined: BacktestResult["quarantined"];
  /** What strategies listen to and these data never tell. */
  readonly unheard: readonly string[];
  /** Equity over time; amounts in decimal text of `performance.asset`. */
  readonly curve: readonly (readonly [atUs: number, equity: string])[];
  readonly fills: { readonly count: number /** The first 10,000. */; readonly first: readonly ReportedFill[] };
  readonly monteCarlo: ReportedMonteCarlo | null;
  readonly sweep: {
    readonly objective: Sweep["objective"];
    readonly trials: number;
    readonly failed: number;
    /** The first 1,000, best first. */
    readonly best: readonly ReportedTrial[];
    /** The first 1,000 of those that failed, in the order of the grid. */
    readonly failures: readonly FailedTrial[];
    /** Two or more ran, and came to the same: the parameters make no difference. */
    readonly isAllTheSame: boolean;
    readonly deflation: Sweep["deflation"] | null;
  } | null;
  readonly walkForward: ReportedWalkForward | null;
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
    rejections: result.rejections,
    performance: result.performance,
    byStrategy: byStrategy(fills, instruments),
    balances: toDecimals(result.portfolio.balances),
    portfolio: {
      ...describePortfolio(result.portfolio),
      unrealized: toDecimals(result.unrealized),
      unrealizedFifo: toDecimals(result.unrealizedFifo),
      profit: toDecimals(result.profit),
    },
    halts: result.halts.map(({ lossUnits, ...halt }) => ({ ...halt, loss: formatUnits(lossUnits) })),
    latency: result.latency,
    faults: result.faults,
    quarantined: result.quarantined,
    unheard: result.unheard,
    curve: points.atUs.map((atUs, i) => [atUs, amountText(points.equity[i] as number)]),
    fills: { count: fills.length, first: fills.slice(0, MOST_FILLS).map((fill) => reported(fill, instruments)) },
    monteCarlo: monteCarlo === undefined ? null : reportedMonteCarlo(monteCarlo),
    sweep: sweep === undefined ? null : reportedSweep(sweep),
    walkForward: walkForward === undefined ? null : reportedWalkForward(walkForward),
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
  const units = feeInQuote(fill, instrument);
  return units === undefined ? [fill.feeAsset, fill.fee] : [instrument.quote, units];
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

function reportedSweep({ objective, trials, failed, isAllTheSame, deflation }: Sweep): BacktestReport["sweep"] {
  return {
    objective,
    trials: trials.length + failed.length,
    failed: failed.length,
    best: trials.slice(0, MOST_TRIALS).map(({ set, fills = 0, orders, faults = [], performance }) => ({
      params: set,
      fills,
      denied: orders?.denied ?? 0,
      faults: faults.length,
      performance,
    })),
    failures: failed.slice(0, MOST_TRIALS).map(({ set, error = "" }) => ({ params: set, reason: error })),
    isAllTheSame,
    deflation: deflation ?? null,
  };
}

function reportedMonteCarlo({
  runs,
  trades,
  seed,
  lossShare,
  maxDrawdown,
  shuffledDrawdown,
  drawnProfit,
  drawnDrawdown,
}: MonteCarlo): ReportedMonteCarlo {
  return {
    runs,
    trades,
    seed,
    maxDrawdown: amountText(maxDrawdown),
    shuffledDrawdown: percentileTexts(shuffledDrawdown),
    drawnProfit: percentileTexts(drawnProfit),
    drawnDrawdown: percentileTexts(drawnDrawdown),
    lossShare,
  };
}

function reportedWalkForward({ windows, joined, ...rest }: WalkForward): ReportedWalkForward {
  return {
    ...rest,
    windows: windows.map(({ test: { curve, ...test }, ...window }) => ({
      ...window,
      test: { ...test, ...(curve !== undefined && { curve: pointTexts(curve) }) },
    })),
    joined: { ...joined, curve: pointTexts(joined.curve) },
  };
}

function pointTexts({ atUs, equity }: CurvePoints): ReportedPoints {
  return { atUs, equity: equity.map(amountText) };
}

function percentileTexts(percentiles: Percentiles): ReportedPercentiles {
  return Object.fromEntries(
    Object.entries(percentiles).map(([name, units]) => [name, amountText(units)]),
  ) as ReportedPercentiles;
}

/** Decimal text of a float in the smallest unit. */
function amountText(units: number): string {
  return formatUnits(BigInt(Math.round(units)));
}
