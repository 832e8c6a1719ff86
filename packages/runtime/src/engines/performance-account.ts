import type { Fill } from "@pitlane/sdk";
import { type EquityRecord, EquityTracker } from "./equity.ts";
import { EquityCurve, type EquityCurveOptions, type EquityCurveRecord } from "./performance-curve.ts";
import type { LedgerView } from "./portfolio.ts";
import { addAmount, fromDigits, toDigits } from "./portfolio-amounts.ts";

/** An `Account` as snapshots keep it. */
export interface AccountRecord {
  readonly equity: EquityRecord;
  readonly curve: EquityCurveRecord;
  readonly exposedUs: number;
  /** -1 while all positions are flat. */
  readonly openSinceUs: number;
  /** Worth of the fees as they were paid, in digits; not kept by the first versions. */
  readonly fees?: string;
  /** Fees that had no price then, in digits by asset. */
  readonly unvaluedFees?: Readonly<Record<string, string>>;
}

/** Equity over time of the session, or of one strategy. */
export class Account {
  readonly equity = new EquityTracker();
  readonly curve: EquityCurve;
  feeUnits = 0n; // valued as they were paid
  readonly unvaluedFees = new Map<string, bigint>();
  #exposedUs = 0;
  #openSinceUs = -1;

  constructor(curve: EquityCurveOptions) {
    this.curve = new EquityCurve(curve);
  }

  take(nowUs: number, equityUnits: bigint): void {
    this.equity.update(nowUs, equityUnits);
    this.curve.push(nowUs, Number(equityUnits));
  }

  /** @param valueUnits Undefined while the fee's asset has no price. */
  pay({ fee, feeAsset }: Fill, valueUnits: bigint | undefined): void {
    if (valueUnits === undefined) addAmount(this.unvaluedFees, feeAsset, fee);
    else this.feeUnits += valueUnits;
  }

  expose(nowUs: number, isOpen: boolean): void {
    if (isOpen === this.#openSinceUs >= 0) return;
    if (!isOpen) this.#exposedUs += nowUs - this.#openSinceUs;
    this.#openSinceUs = isOpen ? nowUs : -1;
  }

  /** How long any position was open until the last point of the curve. */
  exposedUs(): number {
    const open = this.#openSinceUs < 0 ? 0 : Math.max(0, this.curve.lastUs - this.#openSinceUs);
    return this.#exposedUs + open;
  }

  record(): AccountRecord {
    return {
      equity: this.equity.record(),
      curve: this.curve.record(),
      exposedUs: this.#exposedUs,
      openSinceUs: this.#openSinceUs,
      fees: this.feeUnits.toString(),
      unvaluedFees: toDigits(this.unvaluedFees),
    };
  }

  /** @param ledger Whose fees count at the last prices where the record does not know what they were worth. */
  restore({ equity, curve, exposedUs, openSinceUs, fees, unvaluedFees }: AccountRecord, ledger: LedgerView): void {
    this.equity.restore(equity);
    this.curve.restore(curve);
    this.#exposedUs = exposedUs;
    this.#openSinceUs = openSinceUs;
    this.feeUnits = BigInt(fees ?? 0);
    fromDigits(this.unvaluedFees, unvaluedFees ?? (fees === undefined ? toDigits(ledger.fees) : {}));
  }
}
