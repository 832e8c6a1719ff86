import { InvalidInputError } from "@pitlane/perf";
import { parseScaled } from "@pitlane/sdk";

/** A step of prices or sizes, such as a tick of 0.05: 5 units of two decimals. */
export interface Step {
  /** Decimal digits of one unit, 0 to 12. */
  readonly decimals: number;
  /** The step in those units, 1 or more. */
  readonly increment: number;
}

const MOST_DECIMALS = 12;
const MOST_VOLUME_DECIMALS = 6; // volumes up to 9e9 are exact

/** A step from its text. @throws {InvalidInputError} When it is no decimal above zero with at most 12 decimals. */
export function parseStep(name: string, text: string): Step {
  const decimals = decimalsOf(text);
  const increment = decimals < 0 || decimals > MOST_DECIMALS ? 0 : parseScaled(text, decimals);
  if (increment > 0) return { decimals, increment };
  throw new InvalidInputError(
    `${name} must be a decimal above 0 with at most ${MOST_DECIMALS} decimals, such as 0.01; got "${text}"`,
  );
}

/** Decimals of plain decimal text, trailing zeros not counted: 2 for "61.250". -1 when it is none. */
export function decimalsOf(text: string): number {
  const match = /^\d+(?:\.(\d+?)0*)?$/.exec(text);
  if (match === null) return -1;
  const fraction = match[1];
  return fraction === undefined || fraction === "0" ? 0 : fraction.length;
}

/**
 * Whole numbers from decimal text whose scale may not be known before the last row: with a step given, every number must be a multiple of
 * it; without one, the scale is the finest that came, and `rescale` brings the rows before it there at the end.
 *
 *     rows   61.2  61.3  | 61.25  61.24  | ...      segments: from row 0 one decimal, from row 2 two
 *
 * Exact: a number that would not fit a safe integer is an error.
 */
export class DecimalScale {
  readonly #name: string;
  readonly #step: Step | undefined;
  readonly #segments: { readonly row: number; readonly decimals: number }[] = [];
  #decimals = 0;

  /** @param name What it scales, for errors: "price". */
  constructor(name: string, step: Step | undefined) {
    this.#name = name;
    this.#step = step;
    this.#decimals = step?.decimals ?? 0;
  }

  /** The step of what came so far. */
  get step(): Step {
    return this.#step ?? { decimals: this.#decimals, increment: 1 };
  }

  /** Makes room for a number of row `row`; before any number of that row is read. @throws {InvalidInputError} When it is no decimal. */
  observe(text: string, row: number): void {
    if (this.#step !== undefined) return;
    const decimals = decimalsOf(text);
    if (decimals < 0)
      throw new InvalidInputError(`the ${this.#name} "${text}" is not a plain decimal number such as 61.25`);
    if (decimals > MOST_DECIMALS)
      throw new InvalidInputError(`the ${this.#name} "${text}" has more than ${MOST_DECIMALS} decimals`);
    this.#include(decimals, row);
  }

  /** As `observe` for what `readDown` reads: decimals beyond the sixth make no finer scale, they are what sums of floats leave. */
  observeDown(text: string, row: number): void {
    if (this.#step !== undefined) return;
    const decimals = decimalsOf(text);
    if (decimals < 0)
      throw new InvalidInputError(`the ${this.#name} "${text}" is not a plain decimal number such as 61.25`);
    this.#include(Math.min(decimals, MOST_VOLUME_DECIMALS), row);
  }

  #include(decimals: number, row: number): void {
    if (decimals <= this.#decimals) return;
    this.#decimals = decimals;
    this.#segments.push({ row, decimals });
  }

  /** A number in units of the present scale. @throws {InvalidInputError} When it is no multiple of the step, naming both. */
  read(text: string): number {
    const step = this.#step;
    if (step === undefined) return parseScaled(text, this.#decimals);
    if (decimalsOf(text) < 0)
      throw new InvalidInputError(`the ${this.#name} "${text}" is not a plain decimal number such as 61.25`);
    const value = decimalsOf(text) > step.decimals ? Number.NaN : parseScaled(text, step.decimals);
    if (value % step.increment === 0) return value;
    throw new InvalidInputError(
      `the ${this.#name} ${text} lies between two steps of ${step.increment / 10 ** step.decimals}: give a finer one`,
    );
  }

  /** As `read`, with what is finer than the step dropped: for volumes, which bound what fills and are no order's size. */
  readDown(text: string): number {
    const { decimals, increment } = this.step;
    const [whole = "", fraction = ""] = text.split(".");
    const cut = fraction.slice(0, decimals);
    const value = parseScaled(cut === "" ? whole : `${whole}.${cut}`, decimals);
    return value - (value % increment);
  }

  /** Brings all rows of a column to the present scale. @throws {InvalidInputError} When one does not fit it exactly. */
  rescale(column: Float64Array, length: number): void {
    let until = length;
    for (let i = this.#segments.length - 1; i >= 0; i--) {
      const { row } = this.#segments[i] as { readonly row: number };
      const before = i === 0 ? 0 : (this.#segments[i - 1]?.decimals as number);
      until = Math.min(until, row);
      this.#multiply(column, this.#rowOf(i - 1), until, 10 ** (this.#decimals - before));
    }
  }

  #rowOf(segment: number): number {
    return segment < 0 ? 0 : (this.#segments[segment]?.row as number);
  }

  #multiply(column: Float64Array, from: number, until: number, factor: number): void {
    for (let i = from; i < until; i++) {
      const value = (column[i] as number) * factor;
      if (value > Number.MAX_SAFE_INTEGER)
        throw new InvalidInputError(
          `row ${i + 1}: the ${this.#name} does not fit ${this.#decimals} decimals exactly: give a coarser step`,
        );
      column[i] = value;
    }
  }
}
