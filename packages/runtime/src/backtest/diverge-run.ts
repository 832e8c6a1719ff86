import type { Clock } from "@pitlane/perf";
import { type Instrument, notionalUnits } from "@pitlane/sdk";
import type { IntentEntry } from "../core/recovery.ts";
import { feeInQuote } from "../engines/fee-value.ts";
import type { PluginEntry } from "../plugins/entry.ts";
import { readStartWithSegments } from "../run-record.ts";
import { compareOrders, type Divergences } from "./divergence.ts";
import type { BacktestOptions, SimFees, SimLatencyOptions } from "./options.ts";
import { lastPriceTicks } from "./price-line.ts";
import { readMarketData } from "./readers/read-market-data.ts";
import { type ComparedOrder, readRecordedOrders, roundTripsUs } from "./recorded-orders.ts";
import type { BacktestResult, SimFill } from "./result.ts";
import { runBacktest } from "./run-backtest.ts";

export interface DivergeOptions {
  readonly journalPath: string;
  /** The strategies of the run, loaded anew. */
  readonly plugins: readonly PluginEntry[];
  /** Default: the rates that the session paid. */
  readonly fees?: SimFees;
  /** Default: market data when the session received it, orders by draws of half of its own round trips. */
  readonly latency?: SimLatencyOptions;
  /** Most that a pair of orders without a common id is apart, in microseconds. */
  readonly nearestUs?: number;
  readonly fillModel?: BacktestOptions["fillModel"];
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** How far a backtest of a session is from the session. */
export interface DivergenceReport extends Divergences {
  readonly run: { readonly id: string; readonly mode: string; readonly strategies: readonly string[] };
  readonly tier: BacktestResult["tier"];
  /** What the backtest leaves out. */
  readonly ignores: readonly string[];
  /** Of the recorded market, microseconds since the epoch. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly events: number;
  /** What the backtest was charged. */
  readonly fees: SimFees;
  readonly notes: readonly string[];
  readonly faults: readonly string[];
}

/**
 * Backtests a recorded session with its own strategies, limits, balances and seed on the market that it saw, and compares the orders of both.
 *
 * @throws {InvalidInputError} When the journal is missing, or holds no run or no market. @throws The signal's reason.
 */
export async function divergeRun(options: DivergeOptions): Promise<DivergenceReport> {
  const { journalPath, plugins, fillModel, nearestUs, clock, signal } = options;
  const start = await readStartWithSegments(journalPath);
  const { orders, balances = new Map<string, bigint>() } = await readRecordedOrders(journalPath, signal);
  const loaded = await readMarketData([journalPath], { clock, signal });
  const { data } = loaded;
  const instruments = new Map(data.map(({ instrument }) => [instrument.id, instrument]));
  const fees = options.fees ?? feesOf(orders, instruments);
  const simulated = new SimulatedOrders();
  signal?.throwIfAborted();
  const result = await runBacktest({
    runKey: start.key,
    plugins,
    data,
    fees,
    latency: options.latency ?? latencyOf(orders),
    balances,
    seed: start.config.seed,
    risk: start.config.risk,
    ...(fillModel === undefined ? {} : { fillModel }),
    onDecision: (kind, body, atUs) => simulated.onDecision(kind, body, atUs),
    clock,
  });
  const compared = compareOrders(orders, simulated.with(result.fills), {
    instruments,
    markTicks: new Map(data.map(({ instrument, columns }) => [instrument.id, lastPriceTicks(columns) ?? 0])),
    ...(nearestUs === undefined ? {} : { nearestUs }),
  });
  return {
    run: { id: start.id, mode: start.mode, strategies: start.plugins.map(({ name }) => name) },
    tier: result.tier,
    ignores: result.ignores,
    fromUs: result.fromUs,
    toUs: result.toUs,
    events: result.events,
    fees,
    notes: loaded.notes,
    faults: [...result.unheard, ...result.faults],
    ...compared,
  };
}

/** The approved orders of a backtest, from its decisions. */
class SimulatedOrders {
  readonly #orders = new Map<string, ComparedOrder>();

  onDecision(kind: string, body: object, atUs: number): void {
    if (kind !== "intent") return;
    const {
      clientOrderId,
      strategy,
      instrument,
      side,
      sizeLots,
      priceTicks = Number.NaN,
      approved,
    } = body as IntentEntry;
    if (!approved) return;
    const terms = { clientOrderId, strategy, instrument, side, sizeLots, priceTicks };
    this.#orders.set(clientOrderId, { ...terms, wantedAtUs: atUs, firstReportAtUs: Number.NaN, fills: [] });
  }

  /** The orders with what of them was filled. */
  with(fills: readonly SimFill[]): readonly ComparedOrder[] {
    const byOrder = new Map<string, SimFill[]>();
    for (const fill of fills) {
      const some = byOrder.get(fill.clientOrderId);
      if (some === undefined) byOrder.set(fill.clientOrderId, [fill]);
      else some.push(fill);
    }
    return [...this.#orders.values()].map((order) => ({ ...order, fills: byOrder.get(order.clientOrderId) ?? [] }));
  }
}

/** Half of each round trip of the session: an order's way there; the way back is that of the market data. */
function latencyOf(orders: readonly ComparedOrder[]): SimLatencyOptions {
  const trips = roundTripsUs(orders);
  return trips.length === 0 ? {} : { orderUs: trips.map((us) => us / 2) };
}

/** The rates that the session paid, in hundredths of a basis point: the middle one of its fills; 10 basis points where it had none. */
function feesOf(orders: readonly ComparedOrder[], instruments: ReadonlyMap<string, Instrument>): SimFees {
  const rates = { maker: [] as number[], taker: [] as number[] };
  for (const { instrument: id, fills } of orders) {
    const instrument = instruments.get(id);
    if (instrument === undefined) continue;
    for (const fill of fills) {
      const notional = notionalUnits(instrument, fill.priceTicks, fill.sizeLots);
      if (notional === 0n) continue;
      rates[fill.isMaker ? "maker" : "taker"].push(
        Number(((feeInQuote(fill, instrument) ?? 0n) * 1_000_000n) / notional),
      );
    }
  }
  const middle = (values: readonly number[]) =>
    values.length === 0 ? 1_000 : (values.toSorted((a, b) => a - b)[values.length >> 1] as number);
  return { makerBps: middle(rates.maker) / 100, takerBps: middle(rates.taker) / 100 };
}
