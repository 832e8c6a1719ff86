import { integerInRange } from "@pitlane/perf";
import type { BarColumns, DepthColumns, TradeColumns } from "./columns.ts";

const FIRST_CAPACITY = 1024;

/**
 * Typed columns that grow: they double when full, and `finish` cuts them to their length. No object is made for a row.
 *
 * @example
 * const trades = new TradeColumnsBuilder();
 * trades.push(1_767_225_600_000_000, 9_000_000, 12, true, 1);
 * const columns = trades.finish();
 */
abstract class Growing {
  #length = 0;
  #capacity = FIRST_CAPACITY;

  /** Rows so far. */
  get length(): number {
    return this.#length;
  }

  /** Index for the next row. */
  protected next(): number {
    if (this.#length === this.#capacity) {
      this.#capacity *= 2;
      this.grow(this.#capacity);
    }
    return this.#length++;
  }

  protected abstract grow(capacity: number): void;
}

/** Grows `BarColumns`. */
export class BarColumnsBuilder extends Growing {
  readonly #intervalUs: number;
  #startUs = new Float64Array(FIRST_CAPACITY);
  #openTicks = new Float64Array(FIRST_CAPACITY);
  #highTicks = new Float64Array(FIRST_CAPACITY);
  #lowTicks = new Float64Array(FIRST_CAPACITY);
  #closeTicks = new Float64Array(FIRST_CAPACITY);
  #volumeLots = new Float64Array(FIRST_CAPACITY);

  /** @throws {InvalidInputError} When `intervalUs` is no whole number from 1. */
  constructor(intervalUs: number) {
    super();
    this.#intervalUs = integerInRange("intervalUs", intervalUs, 1, Number.MAX_SAFE_INTEGER);
  }

  push(
    startUs: number,
    openTicks: number,
    highTicks: number,
    lowTicks: number,
    closeTicks: number,
    volumeLots: number,
  ) {
    const i = this.next();
    this.#startUs[i] = startUs;
    this.#openTicks[i] = openTicks;
    this.#highTicks[i] = highTicks;
    this.#lowTicks[i] = lowTicks;
    this.#closeTicks[i] = closeTicks;
    this.#volumeLots[i] = volumeLots;
  }

  finish(): BarColumns {
    const { length } = this;
    return {
      kind: "bars",
      length,
      intervalUs: this.#intervalUs,
      startUs: this.#startUs.slice(0, length),
      openTicks: this.#openTicks.slice(0, length),
      highTicks: this.#highTicks.slice(0, length),
      lowTicks: this.#lowTicks.slice(0, length),
      closeTicks: this.#closeTicks.slice(0, length),
      volumeLots: this.#volumeLots.slice(0, length),
    };
  }

  protected override grow(capacity: number): void {
    this.#startUs = grown(this.#startUs, capacity);
    this.#openTicks = grown(this.#openTicks, capacity);
    this.#highTicks = grown(this.#highTicks, capacity);
    this.#lowTicks = grown(this.#lowTicks, capacity);
    this.#closeTicks = grown(this.#closeTicks, capacity);
    this.#volumeLots = grown(this.#volumeLots, capacity);
  }
}

/** Grows `TradeColumns`. */
export class TradeColumnsBuilder extends Growing {
  #atUs = new Float64Array(FIRST_CAPACITY);
  #priceTicks = new Float64Array(FIRST_CAPACITY);
  #sizeLots = new Float64Array(FIRST_CAPACITY);
  #isSellAggressor = new Uint8Array(FIRST_CAPACITY);
  #tradeId = new Float64Array(FIRST_CAPACITY);

  push(atUs: number, priceTicks: number, sizeLots: number, isSellAggressor: boolean, tradeId: number): void {
    const i = this.next();
    this.#atUs[i] = atUs;
    this.#priceTicks[i] = priceTicks;
    this.#sizeLots[i] = sizeLots;
    this.#isSellAggressor[i] = isSellAggressor ? 1 : 0;
    this.#tradeId[i] = tradeId;
  }

  finish(): TradeColumns {
    const { length } = this;
    return {
      kind: "trades",
      length,
      atUs: this.#atUs.slice(0, length),
      priceTicks: this.#priceTicks.slice(0, length),
      sizeLots: this.#sizeLots.slice(0, length),
      isSellAggressor: this.#isSellAggressor.slice(0, length),
      tradeId: this.#tradeId.slice(0, length),
    };
  }

  protected override grow(capacity: number): void {
    this.#atUs = grown(this.#atUs, capacity);
    this.#priceTicks = grown(this.#priceTicks, capacity);
    this.#sizeLots = grown(this.#sizeLots, capacity);
    this.#tradeId = grown(this.#tradeId, capacity);
    const sides = new Uint8Array(capacity);
    sides.set(this.#isSellAggressor);
    this.#isSellAggressor = sides;
  }
}

/** Grows `DepthColumns`. */
export class DepthColumnsBuilder extends Growing {
  #atUs = new Float64Array(FIRST_CAPACITY);
  #receivedAtUs = new Float64Array(FIRST_CAPACITY);
  #op = new Uint8Array(FIRST_CAPACITY);
  #priceTicks = new Float64Array(FIRST_CAPACITY);
  #sizeLots = new Float64Array(FIRST_CAPACITY);

  /** @param op One of `DepthOp`. */
  push(atUs: number, receivedAtUs: number, op: number, priceTicks = 0, sizeLots = 0): void {
    const i = this.next();
    this.#atUs[i] = atUs;
    this.#receivedAtUs[i] = receivedAtUs;
    this.#op[i] = op;
    this.#priceTicks[i] = priceTicks;
    this.#sizeLots[i] = sizeLots;
  }

  finish(): DepthColumns {
    const { length } = this;
    return {
      kind: "depth",
      length,
      atUs: this.#atUs.slice(0, length),
      receivedAtUs: this.#receivedAtUs.slice(0, length),
      op: this.#op.slice(0, length),
      priceTicks: this.#priceTicks.slice(0, length),
      sizeLots: this.#sizeLots.slice(0, length),
    };
  }

  protected override grow(capacity: number): void {
    this.#atUs = grown(this.#atUs, capacity);
    this.#receivedAtUs = grown(this.#receivedAtUs, capacity);
    this.#priceTicks = grown(this.#priceTicks, capacity);
    this.#sizeLots = grown(this.#sizeLots, capacity);
    const ops = new Uint8Array(capacity);
    ops.set(this.#op);
    this.#op = ops;
  }
}

function grown(column: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity);
  larger.set(column);
  return larger;
}
