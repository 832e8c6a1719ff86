import { InvalidInputError, inRange } from "../errors.ts";

/** How long values of one class of data are worth keeping. */
export interface DataClassOptions {
  /** How long a value is given without question, in milliseconds from the end of its load; 1 to 30 days. */
  readonly ttlMs: number;
  /** How long after that it is still given while one refresh runs, in milliseconds; 0 (not at all) to 30 days. 0 unless told. */
  readonly staleMs?: number;
  /** How long "there is nothing" is kept, in milliseconds; 0 (not at all) to 30 days. `ttlMs`, at most 1,000, unless told. */
  readonly notFoundTtlMs?: number;
}

/** The classes a cache knows unless told others. */
export type DataClass = "market" | "positions" | "account" | "config";

/** Market data 1 s, positions 5 s, account 30 s, configuration 300 s. */
export const DATA_CLASSES: Readonly<Record<DataClass, DataClassOptions>> = {
  market: { ttlMs: 1_000 },
  positions: { ttlMs: 5_000 },
  account: { ttlMs: 30_000 },
  config: { ttlMs: 300_000 },
};

/** One class, checked and complete. */
export interface Lifetimes {
  readonly freshMs: number;
  readonly staleMs: number;
  readonly notFoundMs: number;
}

const LONGEST_MS = 30 * 24 * 3_600_000;

/** @throws {InvalidInputError} Naming the class and the option that is out of range. */
export function toLifetimes(classes: Readonly<Record<string, DataClassOptions>>): ReadonlyMap<string, Lifetimes> {
  const resolved = new Map<string, Lifetimes>();
  for (const [name, { ttlMs, staleMs = 0, notFoundTtlMs = Math.min(ttlMs, 1_000) }] of Object.entries(classes)) {
    resolved.set(name, {
      freshMs: inRange(`classes.${name}.ttlMs`, ttlMs, 1, LONGEST_MS),
      staleMs: inRange(`classes.${name}.staleMs`, staleMs, 0, LONGEST_MS),
      notFoundMs: inRange(`classes.${name}.notFoundTtlMs`, notFoundTtlMs, 0, LONGEST_MS),
    });
  }
  if (resolved.size === 0) throw new InvalidInputError("classes must name at least one class of data");
  return resolved;
}
