import { ASSET_DECIMALS, type Instrument, type OrderBook, type Side } from "@pitlane/sdk";
import { walkTheBook } from "./impact.ts";
import type { RoutePiece } from "./router-types.ts";
import { broughtForUnits, isOrderSize, PPM, spentForUnits } from "./trade-costs.ts";

/** Prices and sizes of all venues in one scale: an instrument has 12 decimals at most. */
const SCALE = 12;
const QUANTA_PER_UNIT = 10n ** BigInt(SCALE - ASSET_DECIMALS);
/** Levels of a book that are looked at. */
const MOST_LEVELS = 500;

/** A candidate that something may be sent to. */
export interface Place {
  readonly instrument: Instrument;
  readonly book: OrderBook;
  readonly feePpm: bigint;
  /** In ticks; undefined for none. */
  readonly limitTicks: number | undefined;
  /** Most lots that its account can carry; Infinity where it sets no bound. */
  readonly carriedLots: number;
}

/** A size in lots of an instrument; undefined when it is no multiple of its step. Exact. */
export function toLots({ sizeDecimals, lotIncrement }: Instrument, sizeUnits: bigint): number | undefined {
  const quanta = sizeUnits * QUANTA_PER_UNIT;
  const step = BigInt(lotIncrement) * lotQuanta(sizeDecimals);
  return quanta % step === 0n ? Number(quanta / step) * lotIncrement : undefined;
}

/** Whole lots that cover a size, whatever the step. Exact. */
export function lotsCovering({ sizeDecimals }: Instrument, sizeUnits: bigint): number {
  const quanta = lotQuanta(sizeDecimals);
  return Number((sizeUnits * QUANTA_PER_UNIT + quanta - 1n) / quanta);
}

/** Lots in the base asset's smallest unit; a part below it is dropped. */
export function unitsOf({ sizeDecimals }: Instrument, lots: number): bigint {
  return (BigInt(Math.floor(lots)) * lotQuanta(sizeDecimals)) / QUANTA_PER_UNIT;
}

/** What the book asks for a piece; undefined when it has not enough, the account cannot carry it or the venue takes no such order. */
export function pieceAt(place: Place, side: Side, sizeLots: number): RoutePiece | undefined {
  const { instrument, book, feePpm } = place;
  if (sizeLots > place.carriedLots) return undefined;
  const { filledLots, notional, averageTicks, worstTicks } = walkTheBook(book, side, sizeLots, place.limitTicks);
  if (filledLots < sizeLots) return undefined;
  const limitTicks = sendable(place, side, worstTicks);
  if (!isOrderSize(instrument, limitTicks, sizeLots)) return undefined;
  const costUnits =
    side === "buy" ? spentForUnits(instrument, notional, feePpm) : -broughtForUnits(instrument, notional, feePpm);
  return { instrument, sizeLots, sizeUnits: unitsOf(instrument, sizeLots), limitTicks, averageTicks, costUnits };
}

/** A price on the venue's step for orders, which books may be finer than: the next worse one, unless that is beyond the limit. */
export function sendable(
  { instrument: { tickIncrement }, limitTicks }: Pick<Place, "instrument" | "limitTicks">,
  side: Side,
  ticks: number,
): number {
  const [down, up] = [Math.floor(ticks / tickIncrement), Math.ceil(ticks / tickIncrement)].map(
    (n) => n * tickIncrement,
  ) as [number, number];
  if (side === "buy") return limitTicks === undefined || up <= limitTicks ? up : down;
  return limitTicks === undefined || down >= limitTicks ? down : up;
}

/**
 * The cheapest pieces of an order over several places, fees counted: the levels of all books are taken in the order of what they cost, rounded down
 * to each venue's step, and what rounding leaves goes where it costs least. A piece too small for its venue leaves that venue out, and the rest
 * is worked out anew.
 *
 * @returns Pieces that add up to `sizeUnits` exactly; undefined when there are no two or more that do.
 */
export function splitOrder(places: readonly Place[], side: Side, sizeUnits: bigint): readonly RoutePiece[] | undefined {
  let left = places;
  while (left.length > 1) {
    const lots = allocate(left, side, sizeUnits);
    if (lots === undefined) return undefined;
    const used = left.flatMap((place, i) =>
      lots[i] === 0 ? [] : [{ place, piece: pieceAt(place, side, lots[i]!), lots: lots[i]! }],
    );
    if (used.length < 2) return undefined;
    const unfit = used.filter(({ piece }) => piece === undefined);
    if (unfit.length === 0) return used.map(({ piece }) => piece!);
    // The smallest one is the least loss; the others may grow into what they need.
    const quantaOf = ({ place, lots: its }: (typeof used)[number]) =>
      BigInt(its) * lotQuanta(place.instrument.sizeDecimals);
    const smallest = unfit.reduce((one, other) => (quantaOf(other) < quantaOf(one) ? other : one));
    left = left.filter((place) => place !== smallest.place);
  }
  return undefined;
}

interface Level {
  readonly place: number;
  readonly lots: number;
  /** What one base unit costs, fee and all, in 10^-18 quote units; negative for what a sale brings. */
  readonly cost: bigint;
}

/** Lots for each place that add up to `sizeUnits`; undefined when the books, the accounts or the steps do not allow it. */
function allocate(places: readonly Place[], side: Side, sizeUnits: bigint): readonly number[] | undefined {
  const levels = places.flatMap((place, index) => levelsOf(place, index, side));
  levels.sort((one, other) => (one.cost < other.cost ? -1 : one.cost > other.cost ? 1 : one.place - other.place));
  const taken = places.map(() => 0);
  const available = places.map(() => 0);
  let leftQuanta = sizeUnits * QUANTA_PER_UNIT;
  for (const { place, lots } of levels) {
    const { carriedLots, instrument } = places[place]!;
    const { sizeDecimals, maxLots } = instrument;
    available[place] = Math.min(available[place]! + lots, maxLots, carriedLots);
    const wanted = Number(leftQuanta / lotQuanta(sizeDecimals));
    const takes = Math.min(wanted, available[place]! - taken[place]!);
    taken[place] = taken[place]! + takes;
    leftQuanta -= BigInt(takes) * lotQuanta(sizeDecimals);
  }
  for (const [index, { instrument }] of places.entries()) {
    const excess = taken[index]! % instrument.lotIncrement;
    taken[index] = taken[index]! - excess;
    leftQuanta += BigInt(excess) * lotQuanta(instrument.sizeDecimals);
  }
  for (const { place } of levels) {
    if (leftQuanta === 0n) break;
    const { lotIncrement, sizeDecimals } = places[place]!.instrument;
    const stepQuanta = BigInt(lotIncrement) * lotQuanta(sizeDecimals);
    const room = Math.floor((available[place]! - taken[place]!) / lotIncrement);
    const steps = Math.min(Number(leftQuanta / stepQuanta), room);
    taken[place] = taken[place]! + steps * lotIncrement;
    leftQuanta -= BigInt(steps) * stepQuanta;
  }
  return leftQuanta === 0n ? taken : undefined;
}

function levelsOf({ instrument, book, feePpm, limitTicks }: Place, place: number, side: Side): readonly Level[] {
  const levels: Level[] = [];
  const isBuy = side === "buy";
  const perTick = 10n ** BigInt(SCALE - instrument.priceDecimals);
  for (let depth = 0; depth < MOST_LEVELS; depth++) {
    const ticks = isBuy ? book.askTicksAt(depth) : book.bidTicksAt(depth);
    const isWithin = limitTicks === undefined || (isBuy ? ticks <= limitTicks : ticks >= limitTicks);
    if (Number.isNaN(ticks) || !isWithin) break;
    const price = BigInt(ticks) * perTick;
    const cost = isBuy ? price * (PPM + feePpm) : -price * (PPM - feePpm);
    levels.push({ place, lots: Math.floor(isBuy ? book.askLotsAt(depth) : book.bidLotsAt(depth)), cost });
  }
  return levels;
}

function lotQuanta(sizeDecimals: number): bigint {
  return 10n ** BigInt(SCALE - sizeDecimals);
}
