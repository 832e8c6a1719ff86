import { formatScaled, formatUnits, type Instrument, notionalUnits, parseUnits } from "@pitlane/sdk";
import { feeInQuote } from "../engines/fee-value.ts";
import type { ComparedOrder } from "./recorded-orders.ts";

/** How an order of a session and that of its backtest were found to be the same. */
export type Match = "id" | "nearest";

/** One order of the session and its like in the backtest. */
export interface OrderDivergence {
  /** Of the session; null for an order that only the backtest wanted. */
  readonly clientOrderId: string | null;
  /** Of the backtest; null for an order that only the session wanted. */
  readonly backtestOrderId: string | null;
  readonly match: Match | null;
  readonly strategy: string;
  readonly instrument: string;
  readonly side: ComparedOrder["side"];
  /** When it was wanted, microseconds since the epoch; in the session where it was one of it. */
  readonly wantedAtUs: number;
  /** Wanted later in the backtest than in the session by, in microseconds; null for one without its like, as all below. */
  readonly wantedLaterUs: number | null;
  /** Filled in the session and in the backtest, decimal text. */
  readonly filled: readonly [session: string | null, backtest: string | null];
  /** Average price of the fills, decimal text; null without one. */
  readonly averagePrice: readonly [session: string | null, backtest: string | null];
  /** Filled in the backtest less filled in the session, as a share of the order; 0 when both agree. */
  readonly fillError: number | null;
  /** How much worse the backtest's average price is, in basis points; below 0 it is better than the session's. Null unless both filled. */
  readonly priceErrorBps: number | null;
  /** From wanting it to its first fill at the venue, in microseconds. */
  readonly fillLatencyUs: readonly [session: number | null, backtest: number | null];
  /** What the fills gained against the mark, after fees, in the quote asset: decimal text. */
  readonly profit: readonly [session: string, backtest: string];
}

/** The errors of all orders. */
export interface DivergenceSummary {
  readonly sessionOrders: number;
  readonly backtestOrders: number;
  readonly matchedById: number;
  readonly matchedByNearest: number;
  readonly onlySession: number;
  readonly onlyBacktest: number;
  /** Of matched orders: those filled alike, within a hundredth of their size. */
  readonly sameFill: number;
  readonly filledOnlyInSession: number;
  readonly filledOnlyInBacktest: number;
  /** Mean and mean absolute error of average prices where both filled, in basis points; null without one. */
  readonly priceErrorBps: { readonly mean: number; readonly meanAbsolute: number } | null;
  /** Median of fill latencies where both filled, in microseconds. */
  readonly fillLatencyUs: { readonly session: number; readonly backtest: number } | null;
  /** Sums by quote asset, decimal text. */
  readonly profit: Readonly<Record<string, readonly [session: string, backtest: string]>>;
}

export interface Divergences {
  readonly summary: DivergenceSummary;
  readonly orders: readonly OrderDivergence[];
}

export interface CompareOptions {
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** Last known price of an instrument, in ticks: profits of both sides are counted against it. */
  readonly markTicks: ReadonlyMap<string, number>;
  /** An order that has no like by its id may be that of another number wanted at most so much apart, in microseconds. Default 1,000,000. */
  readonly nearestUs?: number;
}

/** Owner and number of a client order id, which are the same in a session and its backtest as long as both decide alike. */
function placeOf(clientOrderId: string): string {
  return clientOrderId.split("-").slice(-2).join("-");
}

/**
 * Compares the orders of a session with those of a backtest of it. Pure.
 *
 * Client order ids are a function of run, strategy and number, so the same number is the same order while both have decided alike. Once
 * they part numbers shift, and an order that was wanted at the same moment is taken before one of the same number. Pairs are of one
 * strategy, instrument and side, and wanted within `nearestUs`; each order once, those of the session first come first served: by number
 * and moment, by moment, by number, and by the nearest time.
 */
export function compareOrders(
  session: readonly ComparedOrder[],
  backtest: readonly ComparedOrder[],
  { instruments, markTicks, nearestUs = 1_000_000 }: CompareOptions,
): Divergences {
  const free = new Set(backtest);
  const byPlace = new Map(backtest.map((order) => [placeOf(order.clientOrderId), order]));
  const pairs: {
    readonly live: ComparedOrder | undefined;
    simulated: ComparedOrder | undefined;
    match: Match | undefined;
  }[] = session.map((live) => ({ live, simulated: undefined, match: undefined }));
  const pairUp = (match: Match, likeOf: (live: ComparedOrder) => ComparedOrder | undefined) => {
    for (const pair of pairs) {
      if (pair.simulated !== undefined || pair.live === undefined) continue;
      const like = likeOf(pair.live);
      if (like === undefined || !free.delete(like)) continue;
      pair.simulated = like;
      pair.match = match;
    }
  };
  const sameNumber = (live: ComparedOrder, withinUs: number) => {
    const same = byPlace.get(placeOf(live.clientOrderId));
    return same !== undefined && isOneKind(live, same) && apartUs(live, same) <= withinUs ? same : undefined;
  };
  pairUp("id", (live) => sameNumber(live, 0));
  // One order more or less shifts all numbers after it: what was wanted at the same moment is the better evidence then.
  const byMoment = groupBy(free, momentOf);
  pairUp("nearest", (live) => byMoment.get(momentOf(live))?.shift());
  pairUp("id", (live) => sameNumber(live, nearestUs));
  const groups = groupBy(free, kindOf);
  pairUp("nearest", (live) => takeNearest(groups.get(kindOf(live)) ?? [], live, nearestUs));
  for (const simulated of free) pairs.push({ live: undefined, simulated, match: undefined });
  const orders = pairs.flatMap(({ live, simulated, match }) => {
    const one = live ?? simulated;
    const instrument = one === undefined ? undefined : instruments.get(one.instrument);
    if (one === undefined || instrument === undefined) return [];
    return [divergenceOf(one, live, simulated, match, instrument, markTicks.get(instrument.id))];
  });
  return { summary: summaryOf(orders, session.length, backtest.length, instruments), orders };
}

function kindOf({ strategy, instrument, side }: ComparedOrder): string {
  return `${strategy} ${instrument} ${side}`;
}

function momentOf(order: ComparedOrder): string {
  return `${kindOf(order)} ${order.wantedAtUs}`;
}

function isOneKind(a: ComparedOrder, b: ComparedOrder): boolean {
  return kindOf(a) === kindOf(b);
}

function apartUs(a: ComparedOrder, b: ComparedOrder): number {
  return Math.abs(a.wantedAtUs - b.wantedAtUs);
}

function groupBy(
  orders: Iterable<ComparedOrder>,
  keyOf: (order: ComparedOrder) => string,
): Map<string, ComparedOrder[]> {
  const groups = new Map<string, ComparedOrder[]>();
  for (const order of orders) {
    const key = keyOf(order);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [order]);
    else group.push(order);
  }
  return groups;
}

/** Takes the nearest in time out of the group, where one is near enough. */
function takeNearest(group: ComparedOrder[], to: ComparedOrder, nearestUs: number): ComparedOrder | undefined {
  let best = -1;
  for (let i = 0; i < group.length; i++) {
    const apart = apartUs(group[i] as ComparedOrder, to);
    if (apart <= nearestUs && (best < 0 || apart < apartUs(group[best] as ComparedOrder, to))) best = i;
  }
  return best < 0 ? undefined : group.splice(best, 1)[0];
}

function divergenceOf(
  one: ComparedOrder,
  live: ComparedOrder | undefined,
  simulated: ComparedOrder | undefined,
  match: Match | undefined,
  instrument: Instrument,
  markTicks: number | undefined,
): OrderDivergence {
  const isPair = live !== undefined && simulated !== undefined;
  const both = [live, simulated] as const;
  const averages = both.map((order) => (order === undefined ? Number.NaN : averageTicks(order)));
  const [liveTicks = Number.NaN, simulatedTicks = Number.NaN] = averages;
  const worse = (simulatedTicks - liveTicks) * (one.side === "buy" ? 1 : -1);
  const filled = both.map((order) =>
    order === undefined ? null : formatScaled(filledLots(order), instrument.sizeDecimals),
  );
  const prices = averages.map((ticks) =>
    Number.isNaN(ticks) ? null : (ticks / 10 ** instrument.priceDecimals).toFixed(instrument.priceDecimals + 2),
  );
  const latencies = both.map((order) => (order === undefined ? null : fillLatencyUs(order)));
  const profits = both.map((order) => (order === undefined ? 0n : profitUnits(order, instrument, markTicks)));
  return {
    clientOrderId: live?.clientOrderId ?? null,
    backtestOrderId: simulated?.clientOrderId ?? null,
    match: match ?? null,
    strategy: one.strategy,
    instrument: one.instrument,
    side: one.side,
    wantedAtUs: one.wantedAtUs,
    wantedLaterUs: isPair ? simulated.wantedAtUs - live.wantedAtUs : null,
    filled: [filled[0] ?? null, filled[1] ?? null],
    averagePrice: [prices[0] ?? null, prices[1] ?? null],
    fillError: isPair ? (filledLots(simulated) - filledLots(live)) / Math.max(live.sizeLots, simulated.sizeLots) : null,
    priceErrorBps: Number.isNaN(worse) ? null : (worse / liveTicks) * 10_000,
    fillLatencyUs: [latencies[0] ?? null, latencies[1] ?? null],
    profit: [formatUnits(profits[0] ?? 0n), formatUnits(profits[1] ?? 0n)],
  };
}

function filledLots({ fills }: ComparedOrder): number {
  return fills.reduce((sum, { sizeLots }) => sum + sizeLots, 0);
}

function averageTicks(order: ComparedOrder): number {
  const lots = filledLots(order);
  if (lots === 0) return Number.NaN;
  return order.fills.reduce((sum, { priceTicks, sizeLots }) => sum + priceTicks * sizeLots, 0) / lots;
}

function fillLatencyUs({ fills, wantedAtUs }: ComparedOrder): number | null {
  const first = fills.reduce((least, { atUs }) => Math.min(least, atUs), Number.POSITIVE_INFINITY);
  return Number.isFinite(first) ? first - wantedAtUs : null;
}

/** What the fills are worth at the mark less what they cost, after fees; without a mark the fees alone. */
function profitUnits({ fills, side }: ComparedOrder, instrument: Instrument, markTicks: number | undefined): bigint {
  let sum = 0n;
  for (const fill of fills) {
    sum -= feeInQuote(fill, instrument) ?? 0n;
    if (markTicks === undefined) continue;
    const gain =
      notionalUnits(instrument, markTicks, fill.sizeLots) - notionalUnits(instrument, fill.priceTicks, fill.sizeLots);
    sum += side === "buy" ? gain : -gain;
  }
  return sum;
}

function summaryOf(
  orders: readonly OrderDivergence[],
  sessionOrders: number,
  backtestOrders: number,
  instruments: ReadonlyMap<string, Instrument>,
): DivergenceSummary {
  const count = (is: (order: OrderDivergence) => boolean) => orders.filter(is).length;
  const errors = orders.flatMap(({ priceErrorBps }) => (priceErrorBps === null ? [] : [priceErrorBps]));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const both = orders.flatMap(({ fillLatencyUs: [live, simulated] }) =>
    live === null || simulated === null ? [] : [{ live, simulated }],
  );
  return {
    sessionOrders,
    backtestOrders,
    matchedById: count(({ match }) => match === "id"),
    matchedByNearest: count(({ match }) => match === "nearest"),
    onlySession: count(({ backtestOrderId }) => backtestOrderId === null),
    onlyBacktest: count(({ clientOrderId }) => clientOrderId === null),
    sameFill: count(({ fillError }) => fillError !== null && Math.abs(fillError) <= 0.01),
    filledOnlyInSession: count(({ averagePrice: [live, simulated] }) => live !== null && simulated === null),
    filledOnlyInBacktest: count(({ averagePrice: [live, simulated] }) => live === null && simulated !== null),
    priceErrorBps: errors.length === 0 ? null : { mean: mean(errors), meanAbsolute: mean(errors.map(Math.abs)) },
    fillLatencyUs:
      both.length === 0
        ? null
        : { session: median(both.map(({ live }) => live)), backtest: median(both.map(({ simulated }) => simulated)) },
    profit: sumProfits(orders, instruments),
  };
}

function sumProfits(
  orders: readonly OrderDivergence[],
  instruments: ReadonlyMap<string, Instrument>,
): DivergenceSummary["profit"] {
  const sums = new Map<string, [bigint, bigint]>();
  for (const { instrument, profit } of orders) {
    const quote = instruments.get(instrument)?.quote ?? "";
    const [live, simulated] = sums.get(quote) ?? [0n, 0n];
    sums.set(quote, [live + parseUnits(profit[0]), simulated + parseUnits(profit[1])]);
  }
  return Object.fromEntries(
    [...sums].map(([quote, [live, simulated]]) => [quote, [formatUnits(live), formatUnits(simulated)]]),
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
