import { InvalidInputError, inRange } from "./errors.ts";
import type { Random } from "./random.ts";

// Draws for market models. All are functions of a source, so that `Random` stays small enough to be replaced in a test.

/** What most draws need of a `Random`. Its 32 bits bound the tails: a draw by inversion goes no further than 1 in 2^32. */
export type UniformSource = Pick<Random, "next">;

/**
 * Uniform from `min` up to `max`.
 *
 * @throws {InvalidInputError} When either is not finite, or `max` is below `min`.
 * @example
 * const delayMs = uniform(random, 5, 25);
 */
export function uniform(random: UniformSource, min: number, max: number): number {
  inRange("min", min, -Number.MAX_VALUE, Number.MAX_VALUE);
  inRange("max", max, min, Number.MAX_VALUE);
  return min + random.next() * (max - min);
}

/**
 * True with the given probability.
 *
 * @throws {InvalidInputError} When `probability` is not from 0 to 1.
 * @example
 * const side = bernoulli(random, 0.5) ? "buy" : "sell";
 */
export function bernoulli(random: UniformSource, probability: number): boolean {
  return random.next() < inRange("probability", probability, 0, 1);
}

/**
 * Log-normal: `median` times e to the power of a normal with standard deviation `sigma`. Sizes of orders, latencies.
 *
 * Always positive; its mean is `median * exp(sigma ** 2 / 2)`.
 *
 * @throws {InvalidInputError} When `median` is not from 1e-300 to 1e300, or `sigma` not from 0 to 10.
 * @example
 * const lots = Math.ceil(logNormal(random, 40, 0.8));
 */
export function logNormal(random: Pick<Random, "normal">, median: number, sigma: number): number {
  inRange("median", median, 1e-300, 1e300);
  inRange("sigma", sigma, 0, 10);
  return median * Math.exp(sigma * random.normal());
}

/**
 * Pareto: `scale` or more, above `x` with probability `(scale / x) ** shape`. Sizes of the largest trades, lengths of outages.
 *
 * The mean is infinite for a `shape` up to 1, the variance up to 2. By inversion.
 *
 * @throws {InvalidInputError} When `scale` is not from 1e-100 to 1e100, or `shape` not from 0.1 to 1,000.
 * @example
 * const notional = pareto(random, 10_000, 1.5);
 */
export function pareto(random: UniformSource, scale: number, shape: number): number {
  inRange("scale", scale, 1e-100, 1e100);
  inRange("shape", shape, 0.1, 1000);
  return scale * (1 - random.next()) ** (-1 / shape);
}

/**
 * Student's t: a normal with heavy tails, the heavier the fewer `degrees`. Returns of real markets look like 3 to 5.
 *
 * Its variance is `degrees / (degrees - 2)`, infinite for 2 and less. Source: R. W. Bailey, "Polar Generation of Random Variates
 * with the t-Distribution", Mathematics of Computation 62, 1994.
 *
 * @throws {InvalidInputError} When `degrees` is not from 0.5 to 1e9.
 * @example
 * const returnBp = 2 * studentT(random, 4);
 */
export function studentT(random: UniformSource, degrees: number): number {
  inRange("degrees", degrees, 0.5, 1e9);
  for (;;) {
    const x = 2 * random.next() - 1;
    const y = 2 * random.next() - 1;
    const r = x * x + y * y;
    if (r >= 1 || r === 0) continue;
    // expm1, for with many degrees the power of r is so close to 1 that subtracting would leave no digits.
    return x * Math.sqrt((degrees * Math.expm1((-2 / degrees) * Math.log(r))) / r);
  }
}

/**
 * Gamma with mean `shape * scale` and variance `shape * scale ** 2`. Waits made of several steps, clustered volumes.
 *
 * Source: G. Marsaglia and W. W. Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 26, 2000.
 *
 * @throws {InvalidInputError} When `shape` is not from 0.01 to 1e9, or `scale` not from 1e-100 to 1e100.
 * @example
 * const settledMs = gamma(random, 3, 20); // three steps of 20 ms on average
 */
export function gamma(random: Pick<Random, "next" | "normal">, shape: number, scale: number): number {
  inRange("shape", shape, 0.01, 1e9);
  inRange("scale", scale, 1e-100, 1e100);
  // The method is for shapes from 1; below, one more is drawn and brought down by a power of a uniform (its section 6).
  const boost = shape < 1 ? (1 - random.next()) ** (1 / shape) : 1;
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v * boost * scale;
  }
}

/**
 * Poisson: how many of independent events happen in a span that sees `mean` of them on average.
 *
 * For arrival times draw the gaps from `random.exponential`. Sources: below a mean of 10, D. E. Knuth, "The Art of Computer
 * Programming", volume 2, 3.4.1; from there W. Hörmann, "The Transformed Rejection Method for Generating Poisson Random Variables",
 * Insurance: Mathematics and Economics 12, 1993 (PTRS), whose time does not grow with the mean.
 *
 * @throws {InvalidInputError} When `mean` is not from 0 to 1e9.
 * @example
 * const tradesThisSecond = poisson(random, 3.5);
 */
export function poisson(random: UniformSource, mean: number): number {
  inRange("mean", mean, 0, 1e9);
  return mean < 10 ? poissonByProduct(random, mean) : poissonByRejection(random, mean);
}

function poissonByProduct(random: UniformSource, mean: number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count++;
  return count;
}

// Names and constants are Hörmann's.
function poissonByRejection(random: UniformSource, mean: number): number {
  const logMean = Math.log(mean);
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const vr = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = random.next() - 0.5;
    const v = 1 - random.next();
    const us = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= vr) return count;
    if (count < 0 || (us < 0.013 && v > us)) continue;
    if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= count * logMean - mean - logFactorial(count))
      return count;
  }
}

// Stirling's series; two terms leave an error under 1e-8 from 10 on.
function logFactorial(n: number): number {
  if (n < 10) {
    let product = 1;
    for (let i = 2; i <= n; i++) product *= i;
    return Math.log(product);
  }
  return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + 1 / (12 * n) - 1 / (360 * n ** 3);
}

/**
 * One of `items`, each as likely as any other.
 *
 * @throws {InvalidInputError} When there are none.
 * @example
 * const symbol = choice(random, ["AAA/USDT", "BBB/USDT"]);
 */
export function choice<T>(random: UniformSource, items: readonly T[]): T {
  if (items.length === 0) throw new InvalidInputError("items must not be empty");
  return items[Math.floor(random.next() * items.length)] as T;
}

/**
 * One of `items`, each as likely as its weight's share of all weights. Takes a pass over the weights; allocates nothing.
 *
 * @param weights 0 or more, as many as `items`.
 * @throws {InvalidInputError} When a weight is negative or not finite, all are 0, or there are more or fewer than items.
 * @example
 * const kind = weightedChoice(random, ["limit", "market", "cancel"], [6, 1, 3]);
 */
export function weightedChoice<T>(random: UniformSource, items: readonly T[], weights: readonly number[]): T {
  if (items.length !== weights.length)
    throw new InvalidInputError(`weights must be as many as items (${items.length}), got ${weights.length}`);
  let total = 0;
  for (const weight of weights) total += inRange("weight", weight, 0, Number.MAX_VALUE);
  inRange("sum of weights", total, Number.MIN_VALUE, Number.MAX_VALUE);
  let left = random.next() * total;
  let chosen = -1;
  for (let i = 0; i < weights.length && left >= 0; i++) {
    const weight = weights[i] as number;
    if (weight === 0) continue; // never chosen, not even where rounding leaves a rest at the end
    chosen = i;
    left -= weight;
  }
  return items[chosen] as T;
}

/**
 * Puts `items` into a random order, in place, each order as likely as any other (up to what 32 bits a draw can tell apart).
 *
 * Source: R. Durstenfeld, "Algorithm 235: Random permutation", CACM 7, 1964 (Fisher and Yates' shuffle).
 *
 * @example
 * const order = [1, 2, 3, 4];
 * shuffle(random, order);
 */
export function shuffle(random: UniformSource, items: unknown[]): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1));
    const item = items[last];
    items[last] = items[other];
    items[other] = item;
  }
}
