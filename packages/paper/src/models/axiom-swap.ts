/** The reserves of one pool. Whole lamports (1e-9 SOL) and whole raw units (1e-6 of a token), both below 2^53. */
export interface Reserves {
  readonly lamports: number;
  readonly raw: number;
}

/** What a swap moved, and the pool after it. */
export interface Swap {
  readonly after: Reserves;
  /** What went in or came out, without the fee. */
  readonly lamports: number;
  readonly raw: number;
}

/** Fee of every trade, in parts of 10,000 of its lamports. */
const FEE_PARTS = 100n;

/**
 * Buys with `lamports` from a pool that keeps the product of its reserves. What is left over by whole units stays in the pool.
 * Undefined when it would buy nothing.
 */
export function buy(pool: Reserves, lamports: number): Swap | undefined {
  const after = pool.lamports + lamports;
  const rawAfter = divideUp(BigInt(pool.lamports) * BigInt(pool.raw), BigInt(after));
  const raw = pool.raw - rawAfter;
  return raw > 0 ? { after: { lamports: after, raw: rawAfter }, lamports, raw } : undefined;
}

/** Sells `raw` units to the pool. Undefined when that brings nothing. */
export function sell(pool: Reserves, raw: number): Swap | undefined {
  const after = pool.raw + raw;
  const lamportsAfter = divideUp(BigInt(pool.lamports) * BigInt(pool.raw), BigInt(after));
  const lamports = pool.lamports - lamportsAfter;
  return lamports > 0 ? { after: { lamports: lamportsAfter, raw: after }, lamports, raw } : undefined;
}

/** Buys exactly `raw` units, which must be fewer than the pool has; the cost is rounded up. */
export function buyExactly(pool: Reserves, raw: number): Swap {
  const rawAfter = pool.raw - raw;
  const after = divideUp(BigInt(pool.lamports) * BigInt(pool.raw), BigInt(rawAfter));
  return { after: { lamports: after, raw: rawAfter }, lamports: after - pool.lamports, raw };
}

/** The fee of a trade of `lamports`, rounded down. */
export function feeOf(lamports: number): number {
  return Number((BigInt(lamports) * FEE_PARTS) / 10_000n);
}

/** SOL for one token. A float, to be shown and never reckoned with. */
export function priceSol({ lamports, raw }: Reserves): number {
  return lamports / raw / 1000;
}

function divideUp(dividend: bigint, divisor: bigint): number {
  return Number((dividend + divisor - 1n) / divisor);
}
