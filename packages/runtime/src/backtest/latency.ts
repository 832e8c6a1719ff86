import { InvalidInputError, inRange, type Random } from "@pitlane/perf";
import type { LatencyModel } from "./options.ts";

const LONGEST_US = 1e9;

/** One way between strategy and venue. What goes it arrives in the order it left. */
export class LatencyWay {
  readonly #constantUs: number;
  readonly #recordedUs: readonly number[];
  readonly #random: Random;
  #lastUs = 0; // arrival of the last one

  /** @throws {InvalidInputError} When a latency is out of range, or nothing was recorded. */
  constructor(name: string, model: LatencyModel, random: Random) {
    const recorded = typeof model === "number" ? [model] : model;
    if (recorded.length === 0)
      throw new InvalidInputError(`latency.${name} is an empty list: give recorded microseconds, or one number`);
    for (const us of recorded) inRange(`latency.${name}`, us, 0, LONGEST_US);
    this.#recordedUs = recorded.map(Math.round);
    this.#constantUs = this.#recordedUs.length === 1 ? this.#recordedUs[0]! : Number.NaN;
    this.#random = random;
  }

  /** True when everything arrives as it leaves. */
  get isNone(): boolean {
    return this.#constantUs === 0;
  }

  /** When what leaves at `atUs` arrives. Each call is one message. */
  arrivalUs(atUs: number): number {
    const constantUs = this.#constantUs;
    const us = Number.isNaN(constantUs) ? this.#draw() : constantUs;
    const arrivalUs = atUs + us;
    if (arrivalUs > this.#lastUs) this.#lastUs = arrivalUs;
    return this.#lastUs;
  }

  #draw(): number {
    return this.#recordedUs[Math.floor(this.#random.next() * this.#recordedUs.length)]!;
  }
}
