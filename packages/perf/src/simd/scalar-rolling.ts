import type { Floats } from "./scalar.ts";

/**
 * The rolling kernels of kernels.wat in plain JavaScript: the same operations in the same order, so the same bits. The picture
 * of groups, suffixes and prefixes is there; `suffixes` holds at least `window` values.
 */
export function rollingMean(
  values: Floats,
  count: number,
  window: number,
  means: Float64Array,
  suffixes: Float64Array,
): void {
  for (let first = 0; first < count; first += window) {
    let sum = 0;
    let j = window - 1;
    for (; j > 0; j -= 2) {
      const b = values[first + j] as number;
      const both = (values[first + j - 1] as number) + b;
      suffixes[j] = sum + b;
      suffixes[j - 1] = sum + both;
      sum += both;
    }
    if (j === 0) suffixes[0] = sum + (values[first] as number);

    const behind = first + window;
    const last = Math.min(window, count - first) - 1;
    sum = 0;
    for (j = 0; j < last; j += 2) {
      const a = values[behind + j] as number;
      means[first + j] = ((suffixes[j] as number) + sum) / window;
      means[first + j + 1] = ((suffixes[j + 1] as number) + (sum + a)) / window;
      if (j + 1 < last) sum += a + (values[behind + j + 1] as number);
    }
    if (j === last) means[first + j] = ((suffixes[j] as number) + sum) / window;
  }
}

/** As `rollingMean`, population variances; `suffixes` holds at least `2 * window` values, the sums of y and y^2 in turn. */
export function rollingVariance(
  values: Floats,
  count: number,
  window: number,
  variances: Float64Array,
  suffixes: Float64Array,
): void {
  const share = 1 / window;
  for (let first = 0; first < count; first += window) {
    const behind = first + window;
    const pivot = values[behind - 1] as number;
    let sum = 0;
    let squares = 0;
    for (let j = window - 1; j >= 0; j--) {
      const y = (values[first + j] as number) - pivot;
      sum += y;
      squares += y * y;
      suffixes[2 * j] = sum;
      suffixes[2 * j + 1] = squares;
    }

    const length = Math.min(window, count - first);
    sum = 0;
    squares = 0;
    for (let j = 0; j < length; j++) {
      if (j > 0) {
        const y = (values[behind + j - 1] as number) - pivot;
        sum += y;
        squares += y * y;
      }
      const joined = (suffixes[2 * j] as number) + sum;
      const joinedSquares = (suffixes[2 * j + 1] as number) + squares;
      // Rounding may leave a little less than nothing; NaN stays.
      variances[first + j] = Math.max((joinedSquares - joined * joined * share) * share, 0);
    }
  }
}
