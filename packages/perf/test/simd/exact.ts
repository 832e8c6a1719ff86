/**
 * References without rounding, for values that are whole multiples of `UNIT`: sums in bigint, rounded once at the end.
 * The kernels are checked against them, not against another loop over doubles.
 */
export const UNIT = 2 ** -16;

const whole = (values: Float64Array): bigint[] => Array.from(values, (value) => BigInt(value / UNIT));
const total = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n);
const products = (a: readonly bigint[], b: readonly bigint[]): bigint[] => a.map((value, i) => value * (b[i] ?? 0n));

/** `numerator / denominator` with 70 bits or more, as the nearest double or its neighbour. */
function ratio(numerator: bigint, denominator: bigint): number {
  if (denominator === 0n) return Number.NaN;
  const shift = BigInt(Math.max(0, 70 + denominator.toString(2).length - numerator.toString(2).length));
  return Number((numerator << shift) / denominator) / 2 ** Number(shift);
}

/** The largest whole number whose square is at most `square`. Source: Newton's method, from above. */
function root(square: bigint): bigint {
  if (square < 2n) return square;
  let guess = 1n << BigInt((square.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (guess + square / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

export const exactSum = (a: Float64Array): number => Number(total(whole(a))) * UNIT;
export const exactMean = (a: Float64Array): number => ratio(total(whole(a)), BigInt(a.length)) * UNIT;

export const exactWeightedSum = (a: Float64Array, b: Float64Array): number =>
  Number(total(products(whole(a), whole(b)))) * UNIT * UNIT;

export const exactVwap = (prices: Float64Array, volumes: Float64Array): number =>
  ratio(total(products(whole(prices), whole(volumes))), total(whole(volumes))) * UNIT;

/** Population variance. */
export function exactVariance(values: Float64Array): number {
  const a = whole(values);
  const n = BigInt(a.length);
  return ratio(spread(a, a), n * n) * UNIT * UNIT;
}

/** NaN when either side does not vary. */
export function exactCorrelation(first: Float64Array, second: Float64Array): number {
  const a = whole(first);
  const b = whole(second);
  const size = root((spread(a, a) * spread(b, b)) << 160n); // 80 bits behind the point
  return ratio(spread(a, b) << 80n, size);
}

/** n^2 times the covariance. */
function spread(a: readonly bigint[], b: readonly bigint[]): bigint {
  return BigInt(a.length) * total(products(a, b)) - total(a) * total(b);
}
