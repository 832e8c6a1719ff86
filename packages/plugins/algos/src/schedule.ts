import { InvalidInputError } from "pitlane";

/**
 * How much of a parent is to be committed after each slice, in lots: slices in proportion to their weights, each a multiple of the venue's
 * step, the last one with the remainder, so that the last number is `sizeLots`. Exact: whole numbers alone.
 *
 * @param weights Whole, 0 or more, one of them above 0; at most 10,000.
 * @throws {InvalidInputError} When a weight is none.
 * @example
 * cumulativeLots(10, [1, 1, 1], 1); // [3, 6, 10]
 */
export function cumulativeLots(sizeLots: number, weights: readonly number[], lotIncrement: number): readonly number[] {
  let sum = 0n;
  for (const weight of weights) {
    if (!Number.isSafeInteger(weight) || weight < 0)
      throw new InvalidInputError(`a weight must be a whole number from 0 on, got ${weight}`);
    sum += BigInt(weight);
  }
  if (sum === 0n || weights.length > 10_000)
    throw new InvalidInputError("weights must be 1 to 10,000 numbers, one of them above 0");
  const steps = BigInt(Math.floor(sizeLots / lotIncrement));
  let until = 0n;
  const ends = weights.map((weight) => {
    until += BigInt(weight);
    return Number((steps * until) / sum) * lotIncrement;
  });
  ends[ends.length - 1] = sizeLots;
  return ends;
}

/** When slice number `index`, from 0 on, begins, in microseconds after the start. */
export function sliceStartUs(index: number, durationUs: number, count: number): number {
  return Math.ceil((index * durationUs) / count);
}
