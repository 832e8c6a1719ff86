import { check } from "../checks.ts";

export const BAR_INTERVALS = [
  ...(["1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"] as const),
] as const;

/** Lengths of a bar; `M` is a month, whose length varies. */
export type BarInterval = (typeof BAR_INTERVALS)[number];

/** @throws {InvalidInputError} When `interval` is no length of a bar. */
export function checkInterval(name: string, interval: BarInterval): void {
  check(BAR_INTERVALS.includes(interval), name, `one of ${BAR_INTERVALS.join(", ")}`, interval);
}

/** What was traded in one interval, by price and size. @typeParam Interval Its lengths; bars that are built elsewhere may have others. */
export interface Bar<Interval extends string = BarInterval> {
  readonly interval: Interval;
  /** When the interval begins, microseconds since the epoch. */
  readonly startUs: number;
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
  /** Size traded, in lots. */
  readonly volumeLots: number;
  /** Price x size traded, in the quote asset's smallest unit. */
  readonly quoteVolume: bigint;
  readonly trades: number;
  /** False while the interval lasts: the numbers may still change. */
  readonly isClosed: boolean;
}
