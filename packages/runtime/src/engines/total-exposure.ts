import { formatUnits, type Instrument, notionalUnits } from "@pitlane/sdk";
import { allow, type Verdict } from "../hooks/verdict.ts";
import { countedTicks } from "../orders/counted-price.ts";
import type { Intent } from "../orders/order.ts";
import type { OpenExposure } from "./exposure.ts";
import { unitsPerTickLot } from "./notional.ts";
import { isReducing } from "./risk.ts";
import { veto } from "./risk-codes.ts";

export interface TotalExposureOptions {
  readonly instruments: readonly Instrument[];
  /** Number of an instrument. */
  readonly indexOf: (instrument: Instrument) => number;
  /** Largest sum of what positions could be worth, long and short alike, by quote asset, in its smallest unit; 0n for no limit. */
  readonly maxGross: bigint;
  /** Largest difference of long and short, in the same unit; 0n for no limit. */
  readonly maxNet: bigint;
  readonly positionLots: (instrument: Instrument) => number;
  readonly exposure: Pick<OpenExposure, "of">;
  /** Twice the last mid price, by instrument number; undefined before the first quote. */
  readonly twiceMidTicks: (index: number) => number | undefined;
  readonly nowUs: () => number;
}

/** Instruments that are quoted in one asset. */
interface Group {
  readonly quote: string;
  readonly members: readonly number[];
  /** At most, as of the last count and the orders approved since; in units, as a float. */
  gross: number;
  countedUs: number;
}

const RECOUNT_US = 100_000;
// Between two counts prices move: what comes to less than half of a limit would need them to double to pass it.
const CLEARLY_WITHIN = 0.5;

/**
 * What all strategies together could come to hold, against what each quote asset may be exposed to.
 *
 *     gross = sum of the larger of |position + open buys| and |position - open sells|, at the mid
 *     net   = the larger of sum of (position + open buys) and -(sum of (position - open sells)), at the mid
 *
 * A vote needs the whole sum only when it matters. Gross, which net never passes, is counted every 100 ms of the session's time as a
 * float, and each approved order is added in between: while that is less than half of both limits an order is let pass. Otherwise all
 * members are counted anew, in exact units and at the present prices, for each vote.
 *
 * An instrument that was never quoted cannot be valued and counts nothing; `stale-data` denies orders on it.
 */
export class TotalExposure {
  readonly #options: TotalExposureOptions;
  readonly #groupOf: readonly Group[]; // by instrument
  readonly #unitsPerHalfTickLot: Float64Array;
  readonly #clearlyWithin: number;

  constructor(options: TotalExposureOptions) {
    const { instruments, maxGross, maxNet } = options;
    this.#options = options;
    this.#unitsPerHalfTickLot = Float64Array.from(instruments, (instrument) => unitsPerTickLot(instrument) / 2);
    const groups = new Map<string, Group & { readonly members: number[] }>();
    this.#groupOf = instruments.map(({ quote }, index) => {
      const group = groups.get(quote) ?? { quote, members: [], gross: 0, countedUs: Number.NEGATIVE_INFINITY };
      groups.set(quote, group);
      group.members.push(index);
      return group;
    });
    const limits = [maxGross, maxNet].filter((limit) => limit > 0n).map(Number);
    this.#clearlyWithin = CLEARLY_WITHIN * Math.min(...limits, Number.POSITIVE_INFINITY);
  }

  /** Denies what could lead beyond a limit; an order that can only shrink a position passes. */
  review(intent: Intent): Verdict {
    if (this.#clearlyWithin === Number.POSITIVE_INFINITY) return allow();
    const { nowUs, indexOf } = this.#options;
    const index = indexOf(intent.instrument);
    const group = this.#groupOf[index]!;
    if (nowUs() - group.countedUs >= RECOUNT_US) this.#count(group);
    return group.gross + this.#worth(intent, index) <= this.#clearlyWithin
      ? allow()
      : this.#reviewExactly(intent, index);
  }

  /** An order was approved: it counts from now on. */
  add(intent: Intent): void {
    const index = this.#options.indexOf(intent.instrument);
    this.#groupOf[index]!.gross += this.#worth(intent, index);
  }

  #worth(intent: Intent, index: number): number {
    const twiceTicks = Math.max(this.#options.twiceMidTicks(index) ?? 0, 2 * (countedTicks(intent, 0) ?? 0));
    return twiceTicks * intent.sizeLots * this.#unitsPerHalfTickLot[index]!;
  }

  #count(group: Group): void {
    const { instruments, positionLots, exposure, twiceMidTicks, nowUs } = this.#options;
    let gross = 0;
    for (const index of group.members) {
      const instrument = instruments[index]!;
      const position = positionLots(instrument);
      const { openBuyLots, openSellLots } = exposure.of(instrument);
      const lots = Math.max(Math.abs(position + openBuyLots), Math.abs(position - openSellLots));
      gross += (twiceMidTicks(index) ?? 0) * lots * this.#unitsPerHalfTickLot[index]!;
    }
    group.gross = gross;
    group.countedUs = nowUs();
  }

  #reviewExactly(intent: Intent, ofIndex: number): Verdict {
    const { instruments, positionLots, exposure, twiceMidTicks, maxGross, maxNet } = this.#options;
    const { quote, members } = this.#groupOf[ofIndex]!;
    let gross = 0n;
    let long = 0n;
    let short = 0n;
    for (const index of members) {
      const instrument = instruments[index]!;
      const isOwn = index === ofIndex;
      const lots = positionLots(instrument);
      const { openBuyLots, openSellLots } = exposure.of(instrument);
      if (isOwn && isReducing(intent, { positionLots: lots, openBuyLots, openSellLots })) return allow();
      const mostLots = lots + openBuyLots + (isOwn && intent.side === "buy" ? intent.sizeLots : 0);
      const leastLots = lots - openSellLots - (isOwn && intent.side === "sell" ? intent.sizeLots : 0);
      const twiceTicks = twiceMidTicks(index) ?? (isOwn ? 2 * (countedTicks(intent, 0) ?? 0) : 0);
      const most = worthOf(instrument, twiceTicks, mostLots);
      const least = worthOf(instrument, twiceTicks, leastLots);
      gross += larger(most, -least);
      long += most;
      short -= least;
    }
    const net = larger(long, short);
    if (maxGross > 0n && gross > maxGross)
      return veto(
        "MAX_GROSS_EXPOSURE",
        `positions could be worth ${sum(gross, quote)}, the limit is ${sum(maxGross, quote)}`,
      );
    if (maxNet > 0n && net > maxNet)
      return veto(
        "MAX_NET_EXPOSURE",
        `positions could come to ${sum(net, quote)} net, the limit is ${sum(maxNet, quote)}`,
      );
    return allow();
  }
}

function worthOf(instrument: Instrument, twiceTicks: number, lots: number): bigint {
  return notionalUnits(instrument, twiceTicks, lots) / 2n;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function sum(units: bigint, quote: string): string {
  return `${formatUnits(units)} ${quote}`;
}
