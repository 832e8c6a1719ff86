import { inRange } from "@pitlane/perf";
import { formatUnits, InvalidInputError, parseUnits } from "@pitlane/sdk";
import { shown } from "../orders/check-intent.ts";
import { type BookWalk, walkTheBook } from "./impact.ts";
import { feePartsOf, spentAsset } from "./reservations.ts";
import { type Carried, carriedBy } from "./router-funds.ts";
import { lotsCovering, type Place, pieceAt, sendable, splitOrder, toLots, unitsOf } from "./router-split.ts";
import type {
  RouteCandidate,
  RouteDecision,
  RouteOptions,
  RoutePiece,
  RouteRequest,
  RouteScore,
  RouteView,
  RouteWeights,
} from "./router-types.ts";
import { PPM, toPpm } from "./trade-costs.ts";

export const DEFAULT_WEIGHTS: RouteWeights = { liquidity: 0.4, latency: 0.4, fee: 0.2 };

/** A walked price this much worse than the best one has no part left for its price. */
const PRICE_SCALE_BPS = 20;
/** A fee this high has no part left. */
const FEE_SCALE_BPS = 50;
/** For a venue that has not answered yet: neither trusted nor avoided. */
const UNKNOWN_LATENCY = 0.5;
const PRICE_DECIMALS = 12;

/**
 * Decides where an order that takes goes: to the venue with the best score, or over several when that costs less. Pure: the same books, fees and
 * latencies give the same decision, which says how it was come to.
 *
 * A venue's score is the weighted sum of three parts, each 0 to 1:
 *
 *     liquidity   share of the order that its book has and its account can carry, times 1 - (walked price worse than the best venue's, in bp) / 20
 *     latency     latency of the fastest venue / its own; 0.5 while its own is not known
 *     fee         1 - fee / 50 bp
 *
 * Walked prices are means over the levels that the order would take (`walkTheBook`), before fees. Only a venue that can have the whole order
 * within the limit, its own steps and bounds, and whose account can carry it, may be the single one; equal scores go to the lower cost, then
 * to the earlier candidate. A split is taken when, fees counted, it costs less than that venue by more than `minSplitSavingBps`, or when no
 * single venue can have it all; no piece is larger than its account can carry.
 *
 * @throws {InvalidInputError} When the size, the limit, a fee or the weights cannot be.
 * @example
 * const decision = routeOrder({ symbol: "AAA/USDT", side: "buy", sizeUnits: 5_00000000n }, candidates, options);
 * if (decision.outcome !== "none") for (const { instrument, sizeLots, limitTicks } of decision.pieces) send(instrument, sizeLots, limitTicks);
 */
export function routeOrder(
  request: RouteRequest,
  candidates: readonly RouteCandidate[],
  { weights, minSplitSavingBps, reserveFeeBps = 0 }: RouteOptions,
): RouteDecision {
  checkRequest(request);
  const { side, sizeUnits, limitPrice, symbol } = request;
  const minSavingPpm = toPpm("minSplitSavingBps", minSplitSavingBps);
  const feeParts = feePartsOf(inRange("reserveFeeBps", reserveFeeBps, 0, 1000));
  const limit = limitPrice === undefined ? undefined : toLimit(limitPrice);
  const judged = judge(
    candidates.map((candidate) => look(candidate, request, limit, feeParts)),
    side,
    normal(weights),
  );
  const venues = judged.map(toView);
  const whole = judged.filter(({ piece }) => piece !== undefined);
  const best = whole.reduce<Judged | undefined>((one, other) => (isBetter(other, one) ? other : one), undefined);
  const single = best?.piece;
  const split = splitOrder(
    judged.flatMap(({ place }) => (place === undefined ? [] : [place])),
    side,
    sizeUnits,
  );
  const splitCost = split?.reduce((sum, { costUnits }) => sum + costUnits, 0n);
  const measure = single === undefined ? undefined : { instrument: single.instrument.id, costUnits: single.costUnits };
  if (split !== undefined && (single === undefined || pays(splitCost!, single.costUnits, minSavingPpm)))
    return { request, venues, outcome: "split", pieces: split, costUnits: splitCost!, best: measure };
  if (single !== undefined)
    return { request, venues, outcome: "single", pieces: [single], costUnits: single.costUnits, best: measure };
  const reason = candidates.length === 0 ? `no venue lists ${symbol}` : whyNone(venues);
  return { request, venues, outcome: "none", reason };
}

const FIELDS: ReadonlySet<string> = new Set(
  Object.keys({ symbol: true, side: true, sizeUnits: true, limitPrice: true } satisfies Record<
    keyof RouteRequest,
    true
  >),
);

/** Strategy files run without a type check: a limit that is misspelt must not become none. @throws {InvalidInputError} */
export function checkRequest(request: RouteRequest): void {
  if (typeof request !== "object" || request === null)
    throw new InvalidInputError('a route must be an object, such as { symbol: "AAA/USDT", side: "buy", sizeUnits }');
  const { symbol, side, sizeUnits } = request;
  if (typeof symbol !== "string")
    throw new InvalidInputError(`a route's symbol must be such as "AAA/USDT", got ${shown(symbol)}`);
  if (side !== "buy" && side !== "sell")
    throw new InvalidInputError(`a route's side must be "buy" or "sell", got ${shown(side)}`);
  if (typeof sizeUnits !== "bigint" || sizeUnits <= 0n)
    throw new InvalidInputError(
      `sizeUnits must be a bigint above 0, in 10^-8 of the base asset; got ${shown(sizeUnits)}`,
    );
  for (const name in request)
    if (!FIELDS.has(name))
      throw new InvalidInputError(
        `a route has no field ${shown(name)}: leave it out; the fields are ${[...FIELDS].join(", ")}`,
      );
}

/** @throws {InvalidInputError} When it is no decimal text. */
function toLimit(limitPrice: string): bigint {
  try {
    return parseUnits(limitPrice, PRICE_DECIMALS);
  } catch (error) {
    throw new InvalidInputError(`a route's limitPrice: ${(error as Error).message}`, { cause: error });
  }
}

/** A decision as the journal keeps it: instruments by id, plain data. */
export function toRouteRecord(decision: RouteDecision): object {
  if (decision.outcome === "none") return decision;
  const pieces = decision.pieces.map(({ instrument, ...piece }) => ({ instrument: instrument.id, ...piece }));
  return { ...decision, pieces };
}

/** What is known of a candidate before any is compared with another. */
interface Looked {
  readonly candidate: RouteCandidate;
  /** Undefined when nothing may be sent there. */
  readonly place: Place | undefined;
  readonly reason: string;
  readonly walk: BookWalk | undefined;
  readonly wantedLots: number;
  /** What its account can carry, where that is less than its book has of the order. */
  readonly carried: Carried | undefined;
  /** The whole order there. */
  readonly piece: RoutePiece | undefined;
}

interface Judged extends Looked {
  readonly score: RouteScore | undefined;
}

function look(
  candidate: RouteCandidate,
  { side, sizeUnits }: RouteRequest,
  limit: bigint | undefined,
  feeParts: bigint,
): Looked {
  const { instrument, book, ailment, freeUnits } = candidate;
  const feePpm = toPpm(`the fee of ${instrument.id}`, candidate.feeBps);
  const none = (reason: string): Looked => ({
    candidate,
    place: undefined,
    reason,
    walk: undefined,
    wantedLots: 0,
    carried: undefined,
    piece: undefined,
  });
  if (ailment !== "") return none(ailment);
  if (book === undefined) return none("its book is not known");
  const limitTicks = limit === undefined ? undefined : toTicks(limit, instrument.priceDecimals, side === "buy");
  const wantedLots = lotsCovering(instrument, sizeUnits); // also where the step does not fit
  const walk = walkTheBook(book, side, wantedLots, limitTicks);
  if (walk.filledLots === 0) return none(limit === undefined ? "its book is empty" : "its market is beyond the limit");
  const sentTicks = (ticks: number) => sendable({ instrument, limitTicks }, side, ticks);
  const mostLots = Math.min(walk.filledLots, instrument.maxLots);
  const wanted = { instrument, book, side, mostLots, sentTicks };
  const carried = freeUnits === undefined ? undefined : carriedBy({ freeUnits, feeParts }, wanted, walk.worstTicks);
  const isShort = carried !== undefined && carried.lots < mostLots;
  const free = isShort ? `${formatUnits(freeUnits!)} ${spentAsset({ instrument, side })} free` : "";
  if (isShort && !carried.isOrder) return none(`its account has ${free}, too little for an order`);
  const carriedLots = isShort ? carried.lots : Number.POSITIVE_INFINITY;
  const place: Place = { instrument, book, feePpm, limitTicks, carriedLots };
  const sizeLots = toLots(instrument, sizeUnits);
  const piece = sizeLots === undefined ? undefined : pieceAt(place, side, sizeLots);
  const reason = piece !== undefined ? "" : whyNot(sizeLots, walk, wantedLots, carriedLots, free);
  return { candidate, place, reason, walk, wantedLots, carried: isShort ? carried : undefined, piece };
}

function whyNot(
  sizeLots: number | undefined,
  { filledLots }: BookWalk,
  wantedLots: number,
  carriedLots: number,
  free: string,
): string {
  if (sizeLots === undefined) return "the size is no multiple of its step";
  const wanted = Number.isSafeInteger(wantedLots) ? wantedLots : "more than 2^53";
  if (free !== "") return `its account can carry ${carriedLots} of ${wanted} lots: it has ${free}`;
  if (filledLots < wantedLots) return `its book has ${filledLots} of ${wanted} lots`;
  return "the size is outside of its bounds";
}

function whyNone(venues: readonly RouteView[]): string {
  const each = venues.map(({ instrument, reason }) => `${instrument}: ${reason}`).join("; ");
  return `no venue can have all of it, nor several of them together: ${each}`;
}

/** Adds scores, each in the light of all. */
function judge(all: readonly Looked[], side: RouteRequest["side"], weights: RouteWeights): readonly Judged[] {
  const isBuy = side === "buy";
  const prices = all.map(
    ({ candidate, walk }) => (walk?.averageTicks ?? Number.NaN) * 10 ** -candidate.instrument.priceDecimals,
  );
  const known = prices.filter((price) => !Number.isNaN(price));
  const bestPrice = isBuy ? Math.min(...known) : Math.max(...known);
  const latencies = all.flatMap(({ candidate, place }) =>
    place === undefined || candidate.latencyNs === undefined ? [] : [candidate.latencyNs],
  );
  const fastestNs = Math.min(...latencies);
  return all.map((looked, i) => {
    const { candidate, walk, wantedLots, carried } = looked;
    if (walk === undefined) return { ...looked, score: undefined };
    const worseBps = (Math.abs(prices[i]! - bestPrice) / bestPrice) * 10_000;
    const { latencyNs, feeBps } = candidate;
    const parts = {
      liquidity:
        Math.min(1, (carried?.lots ?? walk.filledLots) / wantedLots) * Math.max(0, 1 - worseBps / PRICE_SCALE_BPS),
      latency: latencyNs === undefined ? UNKNOWN_LATENCY : latencyNs === 0 ? 1 : fastestNs / latencyNs,
      fee: Math.max(0, 1 - feeBps / FEE_SCALE_BPS),
    };
    const total = parts.liquidity * weights.liquidity + parts.latency * weights.latency + parts.fee * weights.fee;
    return { ...looked, score: { ...parts, total } };
  });
}

function isBetter(one: Judged, other: Judged | undefined): boolean {
  if (other === undefined) return true;
  const difference = (one.score?.total ?? 0) - (other.score?.total ?? 0);
  return difference === 0 ? one.piece!.costUnits < other.piece!.costUnits : difference > 0;
}

/** A split costs less by more than the least saving. */
function pays(splitUnits: bigint, singleUnits: bigint, minSavingPpm: bigint): boolean {
  const saved = singleUnits - splitUnits;
  const whole = singleUnits < 0n ? -singleUnits : singleUnits;
  return saved > 0n && saved * PPM > whole * minSavingPpm;
}

function toView({ candidate, reason, walk, carried, piece, score }: Judged): RouteView {
  const { instrument, feeBps, latencyNs } = candidate;
  const availableUnits = unitsOf(instrument, walk?.filledLots ?? 0);
  const costUnits = piece?.costUnits;
  const isShort = carried === undefined ? {} : { carriedUnits: unitsOf(instrument, carried.lots) };
  return { instrument: instrument.id, reason, feeBps, latencyNs, availableUnits, ...isShort, costUnits, score };
}

/** A price in ticks: a limit that lies between two is the stricter one. */
function toTicks(price: bigint, priceDecimals: number, isBuy: boolean): number {
  const perTick = 10n ** BigInt(PRICE_DECIMALS - priceDecimals);
  return Number(isBuy ? price / perTick : (price + perTick - 1n) / perTick);
}

/** @throws {InvalidInputError} When one is below 0, or all are 0. */
function normal({ liquidity, latency, fee }: RouteWeights): RouteWeights {
  const sum = liquidity + latency + fee;
  if (!(liquidity >= 0 && latency >= 0 && fee >= 0 && sum > 0 && Number.isFinite(sum)))
    throw new InvalidInputError(
      `weights must be 0 or more and one of them above 0, got ${liquidity}, ${latency}, ${fee}`,
    );
  return { liquidity: liquidity / sum, latency: latency / sum, fee: fee / sum };
}
