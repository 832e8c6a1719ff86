/** Round values of a scale. */
export interface Ticks {
  /** Rising, evenly apart, all within the scale. */
  readonly values: readonly number[];
  /** Digits after the dot that tell them apart. */
  readonly digits: number;
}

/**
 * Values of 1, 2 or 5 times a power of ten apart, some `most` of them at most, from `low` to `high`. Pure.
 *
 * Source of the idea: P. Heckbert, "Nice Numbers for Graph Labels", Graphics Gems (1990).
 *
 * @example
 * niceTicks(161_823.91, 161_824.33, 6); // 161823.95 to 161824.3, 0.05 apart: two digits
 */
export function niceTicks(low: number, high: number, most: number): Ticks {
  const least = (high - low) / most;
  if (!(least > 0)) return { values: [low], digits: 0 };
  const power = Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((one) => one * 10 ** power >= least) ?? 10;
  const exponent = factor === 10 ? power + 1 : power;
  const digits = Math.min(100, Math.max(0, -exponent));
  // Counted in whole steps: a sum of fractions would drift off the round values.
  const step = factor === 10 ? 1 : factor;
  const scale = (count: number) => (exponent < 0 ? (count * step) / 10 ** -exponent : count * step * 10 ** exponent);
  const values: number[] = [];
  for (let count = Math.ceil(low / scale(1)) || 0; scale(count) <= high; count++) values.push(scale(count));
  return { values, digits };
}
