import { InvalidInputError } from "@pitlane/perf";
import type { SimFees } from "./options.ts";

// Rates are parts of 10^6: a hundredth of a basis point is 1.
const RATE_SCALE = 1_000_000n;

/**
 * The account at the simulated venue: exact balances, free and held for open orders, and the commissions it paid.
 *
 * Commission is on the asset received and rounded down to 10^-8, as on the paper exchange; what a negative rate
 * pays us is rounded down too.
 */
export class SimAccount {
  readonly #free: Map<string, bigint>;
  readonly #held = new Map<string, bigint>();
  readonly #makerRate: bigint;
  readonly #takerRate: bigint;

  /** @throws {InvalidInputError} When a rate is out of range or finer than a hundredth of a basis point, or a balance is negative. */
  constructor(balances: ReadonlyMap<string, bigint>, { makerBps, takerBps }: SimFees) {
    for (const [asset, units] of balances)
      if (typeof units !== "bigint" || units < 0n)
        throw new InvalidInputError(`balances.${asset} must be a bigint of 10^-8 ${asset}, 0 or more; got ${units}`);
    this.#free = new Map(balances);
    this.#makerRate = rateOf("fees.makerBps", makerBps);
    this.#takerRate = rateOf("fees.takerBps", takerBps);
  }

  /** Free and held together, by asset. */
  totals(): Map<string, bigint> {
    const totals = new Map(this.#free);
    for (const [asset, units] of this.#held) totals.set(asset, (totals.get(asset) ?? 0n) + units);
    return totals;
  }

  /** Sets units aside; false, and nothing done, when fewer are free. */
  tryHold(asset: string, units: bigint): boolean {
    const free = this.#free.get(asset) ?? 0n;
    if (free < units) return false;
    this.#free.set(asset, free - units);
    this.#held.set(asset, (this.#held.get(asset) ?? 0n) + units);
    return true;
  }

  /** Frees units that were held. */
  release(asset: string, units: bigint): void {
    this.#held.set(asset, (this.#held.get(asset) ?? 0n) - units);
    this.#free.set(asset, (this.#free.get(asset) ?? 0n) + units);
  }

  /** Pays out of what is free; false, and nothing done, when that is too little. */
  tryPay(asset: string, units: bigint): boolean {
    const free = this.#free.get(asset) ?? 0n;
    if (free < units) return false;
    this.#free.set(asset, free - units);
    return true;
  }

  /** Takes in what a fill brings, less the commission, which it returns. */
  receive(asset: string, units: bigint, isMaker: boolean): bigint {
    // BigInt division rounds towards zero: a fee down, and a rebate too.
    const fee = (units * (isMaker ? this.#makerRate : this.#takerRate)) / RATE_SCALE;
    this.#free.set(asset, (this.#free.get(asset) ?? 0n) + units - fee);
    return fee;
  }
}

function rateOf(name: string, bps: number): bigint {
  const rate = Math.round(bps * 100);
  if (!(bps >= -100 && bps <= 10_000) || Math.abs(rate - bps * 100) > 1e-6)
    throw new InvalidInputError(
      `${name} must be -100 to 10,000 basis points in steps of 0.01, such as 7.5; got ${bps}`,
    );
  return BigInt(rate);
}
