/** A venue's time as we tell it: from an anchor on the monotonic clock, with a correction that is still being worked in. */
export interface SlewedTime {
  readonly anchorNs: number;
  /** What was told at the anchor, in microseconds since the epoch. */
  readonly anchorUs: number;
  /** What is to be added over time; negative when we were ahead. */
  readonly correctionUs: number;
  /** How much of it is added per microsecond; below 1, so that time goes on even when we were ahead. */
  readonly rate: number;
}

const GENTLE_RATE = 500e-6; // what host clocks are disciplined with at most (adjtime); intervals measured by it stay true to 0.05 %
const GENTLE_US = 100_000;
const HASTE_US = 2_000_000;
const MAX_SLOWING = 0.9;

/** What `time` tells at `atNs`. Grows with `atNs`, but for the quarter of a microsecond to which numbers of this size are rounded. Pure. */
export function tellUs({ anchorNs, anchorUs, correctionUs, rate }: SlewedTime, atNs: number): number {
  const elapsedUs = (atNs - anchorNs) / 1000;
  if (elapsedUs * rate >= Math.abs(correctionUs)) return anchorUs + (elapsedUs + correctionUs);
  return anchorUs + elapsedUs * (correctionUs < 0 ? 1 - rate : 1 + rate);
}

/** Time that tells `atUs` at `atNs`, with nothing to correct. Pure. */
export function settledTime(atNs: number, atUs: number): SlewedTime {
  return { anchorNs: atNs, anchorUs: atUs, correctionUs: 0, rate: 0 };
}

/**
 * `time` from `atNs` on, on its way to the `trueUs` measured there: it goes on from what it told, and differs by nothing else
 * than its speed.
 *
 * Up to 100 ms are worked in at 500 ppm, in at most 200 s: venues accept that much error. A larger one gets requests refused, so it
 * is worked in within 2 s: ahead by running faster, back by slowing down to a tenth of the speed at most. Pure.
 */
export function slewTowards(time: SlewedTime, atNs: number, trueUs: number): SlewedTime {
  const toldUs = tellUs(time, atNs);
  const correctionUs = trueUs - toldUs;
  const hurried = Math.abs(correctionUs) / HASTE_US;
  const fast = correctionUs < 0 ? Math.min(MAX_SLOWING, hurried) : hurried;
  const rate = Math.abs(correctionUs) <= GENTLE_US ? GENTLE_RATE : fast;
  return { anchorNs: atNs, anchorUs: toldUs, correctionUs, rate };
}
