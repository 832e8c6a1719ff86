import type { MarketData } from "./columns.ts";

const SECOND_US = 1_000_000;
const UNITS_US = [86_400 * SECOND_US, 3_600 * SECOND_US, 60 * SECOND_US, SECOND_US] as const;
const FEWEST_PERIODS = 30;

/** Points of a curve, unless told. */
export const CURVE_POINTS = 2_000;

/** Length of the longest bars among data, in microseconds; 0 where there are none. Pure. */
export function longestBarUs(data: readonly Pick<MarketData, "columns">[]): number {
  return Math.max(0, ...data.map(({ columns }) => (columns.kind === "bars" ? columns.intervalUs : 0)));
}

export interface EquitySpan {
  /** How long the data are, in microseconds. */
  readonly spanUs: number;
  /** Length of the longest bars; 0 where there are none. */
  readonly barUs: number;
  /** Most points of the curve. */
  readonly points: number;
}

/** Where a backtest's curve of equity has its points, and what its returns are taken over; in microseconds. */
export interface EquityGrid {
  readonly intervalUs: number;
  /** A whole number of intervals. */
  readonly periodUs: number;
}

/**
 * Chooses both for a span. Pure.
 *
 * A period is the longest of a day, an hour, a minute and a second that the span holds 30 of, and never shorter than a bar: value at risk
 * of a period in which no price came would say that nothing can be lost. The curve has as many points as it may, so that a whole number of
 * them is a period; where not even one a period fits, the period is as long as they are apart.
 *
 * @example
 * equityGrid({ spanUs: 400 * DAY_US, barUs: DAY_US, points: 2_000 }); // a day both
 * equityGrid({ spanUs: 90 * DAY_US, barUs: MINUTE_US, points: 2_000 }); // points of 72 minutes, periods of a day
 */
export function equityGrid({ spanUs, barUs, points }: EquitySpan): EquityGrid {
  const stepUs = barUs === 0 ? SECOND_US : barUs;
  const unitUs = UNITS_US.find((unit) => unit * FEWEST_PERIODS <= spanUs) ?? SECOND_US;
  const steps = Math.ceil(unitUs / stepUs); // of a period
  const fewest = Math.ceil(spanUs / (points * stepUs)); // steps between points
  if (fewest > steps) {
    const periodUs = Math.ceil(fewest / steps) * steps * stepUs;
    return { intervalUs: periodUs, periodUs };
  }
  let between = Math.max(1, fewest);
  while (steps % between !== 0) between++;
  return { intervalUs: between * stepUs, periodUs: steps * stepUs };
}
