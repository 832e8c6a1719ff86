import { InvalidInputError, integerInRange } from "@pitlane/perf";
import type { BarInterval } from "@pitlane/sdk";

/** Lengths that are the same always: a month is not. */
export type FixedBarInterval = Exclude<BarInterval, "1M">;

/**
 * What ends a bar: time, a number of trades, a size traded, or an amount traded.
 *
 * - `"1m"`: time, from one whole interval of UTC to the next; weeks begin on Monday, three-day bars count from the epoch.
 * - `{ ticks: 100 }`: so many trades; 1 to 1e9.
 * - `{ volumeLots: 5000 }`: so many lots traded, or more; 1 to 2^53 - 1.
 * - `{ notional: 10_000_000_000n }`: so much of the quote asset traded, or more, in its smallest unit (10^-8); 1n or more.
 */
export type BarEvery =
  | FixedBarInterval
  | { readonly ticks: number }
  | { readonly volumeLots: number }
  | { readonly notional: bigint };

/** Name of a kind of bar: its interval, or a number and what is counted. The same for everybody who asks for the same bars. */
export type BarName = FixedBarInterval | `${number} ticks` | `${number} lots` | `${bigint} units`;

const KINDS = ["ticks", "volumeLots", "notional"];

const SECOND_US = 1_000_000;
const DAY_US = 86_400 * SECOND_US;
const MONDAY_US = 4 * DAY_US; // the epoch was a Thursday

const LENGTHS_US: Readonly<Record<FixedBarInterval, number>> = {
  "1s": SECOND_US,
  "1m": 60 * SECOND_US,
  "3m": 180 * SECOND_US,
  "5m": 300 * SECOND_US,
  "15m": 900 * SECOND_US,
  "30m": 1_800 * SECOND_US,
  "1h": 3_600 * SECOND_US,
  "2h": 7_200 * SECOND_US,
  "4h": 14_400 * SECOND_US,
  "6h": 21_600 * SECOND_US,
  "8h": 28_800 * SECOND_US,
  "12h": 43_200 * SECOND_US,
  "1d": DAY_US,
  "3d": 3 * DAY_US,
  "1w": 7 * DAY_US,
};

/** The shortest first. */
export const FIXED_INTERVALS = Object.keys(LENGTHS_US) as readonly FixedBarInterval[];

/** Length of a time bar, in microseconds. */
export function barLengthUs(interval: FixedBarInterval): number {
  return LENGTHS_US[interval];
}

/** When the bar of `interval` that contains `atUs` begins, microseconds since the epoch. */
export function barStartUs(interval: FixedBarInterval, atUs: number): number {
  const lengthUs = LENGTHS_US[interval];
  const originUs = interval === "1w" ? MONDAY_US : 0;
  return originUs + Math.floor((atUs - originUs) / lengthUs) * lengthUs;
}

/** The bars' name. @throws {InvalidInputError} When `every` is none of the four kinds, or its number is out of range. */
export function barName(every: BarEvery): BarName {
  if (typeof every === "string") {
    if (Object.hasOwn(LENGTHS_US, every)) return every;
    throw new InvalidInputError(
      `every: "${every}" is no length of a bar; there are ${Object.keys(LENGTHS_US).join(", ")}`,
    );
  }
  if (typeof every !== "object" || every === null || !KINDS.some((kind) => kind in every))
    throw new InvalidInputError(`every must be a length such as "1m", or one of { ${KINDS.join(" }, { ")} }`);
  if ("ticks" in every) return `${integerInRange("every.ticks", every.ticks, 1, 1e9)} ticks`;
  if ("volumeLots" in every)
    return `${integerInRange("every.volumeLots", every.volumeLots, 1, Number.MAX_SAFE_INTEGER)} lots`;
  if (typeof every.notional !== "bigint" || every.notional <= 0n)
    throw new InvalidInputError(`every.notional must be a bigint above 0n, in 10^-8 of the quote asset`);
  return `${every.notional} units`;
}
