import { InvalidInputError, inRange } from "../errors.ts";

/** One number of a running program that may be changed while it runs: a cache's size, a batch's, a count of connections. */
export interface Knob {
  /** Unique among an optimizer's knobs; it names the knob in the audit trail. */
  readonly name: string;
  /** Smallest value ever set. Above 0 when `scale` is "log". */
  readonly min: number;
  /** Largest value ever set; above `min`. */
  readonly max: number;
  /** Values are `min + k * step`; 1 for whole numbers. Left out, any number between the bounds. */
  readonly step?: number;
  /** How far apart values feel: "log" where doubling matters (sizes, counts, intervals), "linear" otherwise; "linear" unless told. */
  readonly scale?: "linear" | "log";
  /** The value in force. */
  get(): number;
  /** Puts a value in force; once it returns or resolves, the program uses it. */
  set(value: number): void | Promise<void>;
}

/**
 * A knob for a number that an object lets be read and set while it runs: `batcher.maxSize`, `cache.capacity`, `pool.workers`.
 *
 * It is called by the property unless `name` says otherwise. What the object refuses to be set to throws, and the optimizer
 * refuses the change.
 *
 * @example
 * const knobs = [
 *   knobOn(batcher, "maxSize", { min: 1, max: 1000, step: 1, scale: "log" }),
 *   knobOn(cache, "capacity", { name: "quotes", min: 1000, max: 100_000, step: 1, scale: "log" }),
 * ];
 */
export function knobOn<K extends string>(
  target: Record<K, number>,
  property: K,
  { name = property, ...bounds }: Pick<Knob, "min" | "max" | "step" | "scale"> & { readonly name?: string },
): Knob {
  return {
    ...bounds,
    name,
    get: () => target[property],
    set: (value) => {
      target[property] = value;
    },
  };
}

/** @throws {InvalidInputError} Naming the knob and what is wrong with its bounds, step or present value. */
export function checkKnob(knob: Knob): void {
  const { name, min, max, step, scale } = knob;
  inRange(`knob "${name}": min`, min, scale === "log" ? Number.MIN_VALUE : -Number.MAX_VALUE, Number.MAX_VALUE);
  inRange(`knob "${name}": max`, max, min, Number.MAX_VALUE);
  if (max === min) throw new InvalidInputError(`knob "${name}": max must be above min, both are ${min}`);
  if (step !== undefined) inRange(`knob "${name}": step`, step, Number.MIN_VALUE, max - min);
  inRange(`knob "${name}": its value, from get(),`, knob.get(), min, max);
}

/** Where `value` lies between the bounds, on the knob's scale: 0 at `min`, 1 at `max`. */
export function toPosition({ min, max, scale }: Knob, value: number): number {
  return scale === "log" ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
}

/** The settable value nearest to `position`; positions beyond 0 and 1 are the bounds. */
export function fromPosition(knob: Knob, position: number): number {
  const { min, max, scale } = knob;
  const within = Math.max(0, Math.min(1, position));
  return snap(knob, scale === "log" ? min * (max / min) ** within : min + (max - min) * within);
}

/**
 * The value to try beside `value`: `stride` (a part of the range, 0 to 1) up (`direction` 1) or down (-1), at least one `step`.
 * Undefined when `value` is the bound on that side.
 */
export function neighbour(knob: Knob, value: number, stride: number, direction: 1 | -1): number | undefined {
  const far = fromPosition(knob, toPosition(knob, value) + direction * stride);
  if (far !== value) return far;
  if (knob.step === undefined) return undefined;
  const next = snap(knob, value + direction * knob.step);
  return next === value ? undefined : next;
}

/** The settable value nearest to `value`, within the bounds. */
export function snap({ min, max, step }: Knob, value: number): number {
  if (step === undefined) return Math.max(min, Math.min(max, value));
  const steps = Math.max(0, Math.min(Math.floor((max - min) / step + 1e-9), Math.round((value - min) / step)));
  return Math.min(max, Number((min + steps * step).toPrecision(15))); // 0.1 * 3 is 0.3 here
}
