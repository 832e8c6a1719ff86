import { InvalidInputError } from "../errors.ts";
import { matchesGlob } from "./glob.ts";

/** What is no longer true: one key, every key that carries a tag, or every key that matches a glob (`*` and `?`). */
export interface Invalidation {
  readonly kind: "key" | "tag" | "glob";
  readonly text: string;
}

/** Everything. */
export const EVERYTHING: Invalidation = { kind: "glob", text: "*" };

/** Whether `invalidation` means the entry of `key` with `tags`. */
export function affects({ kind, text }: Invalidation, key: string, tags: readonly string[]): boolean {
  if (kind === "key") return text === key;
  if (kind === "tag") return tags.includes(text);
  return text === "*" || matchesGlob(text, key);
}

/**
 * Remembers the newest invalidations, to tell whether something begun earlier has been overtaken by one.
 *
 * Take `epoch` before reading what might grow old; before using it, ask `overtakes`. At most `capacity` are remembered;
 * what began before the oldest of them counts as overtaken, so a full log costs loads and never gives an old value.
 *
 * @example
 * const since = log.epoch;
 * const balance = await fetchBalance();
 * if (!log.overtakes(since, "balance:EUR", [])) keep(balance);
 */
export class InvalidationLog {
  readonly #capacity: number;
  #marks: Invalidation[] = []; // the mark at index i made the epoch #floor + i + 1
  #floor = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many invalidations there have been. */
  get epoch(): number {
    return this.#floor + this.#marks.length;
  }

  /** Returns the new epoch. */
  add(invalidation: Invalidation): number {
    if (this.#marks.length >= this.#capacity) {
      const dropped = Math.ceil(this.#capacity / 2); // half at a time: moving the rest costs little per mark
      this.#marks = this.#marks.slice(dropped);
      this.#floor += dropped;
    }
    this.#marks.push(invalidation);
    return this.epoch;
  }

  /** Whether what began at epoch `since` may be older than an invalidation of it. An epoch that never was counts as overtaken. */
  overtakes(since: number, key: string, tags: readonly string[]): boolean {
    if (since < this.#floor || since > this.epoch) return true;
    for (let i = since - this.#floor; i < this.#marks.length; i++) {
      if (affects(this.#marks[i]!, key, tags)) return true;
    }
    return false;
  }
}

const LONGEST_NAME = 1024;
const UNSAFE = /[\0\p{Surrogate}]/u; // a store that keeps UTF-8 would cut or alter these, and two keys could become one

/**
 * Returns `value` when it can name a key, a tag or a pattern on every tier.
 *
 * @throws {InvalidInputError} When it is empty, longer than 1,024 UTF-16 units, or holds a NUL or half a surrogate pair.
 */
export function validName(what: string, value: string): string {
  if (typeof value === "string" && value.length > 0 && value.length <= LONGEST_NAME && !UNSAFE.test(value))
    return value;
  throw new InvalidInputError(
    `${what} must be 1 to ${LONGEST_NAME} characters of well-formed text without NUL, got ${JSON.stringify(value)?.slice(0, 80)}`,
  );
}
