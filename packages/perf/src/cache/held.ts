import type { Lifetimes } from "./data-class.ts";
import type { TierEntry } from "./tier.ts";

/**
 * A value as the first tier keeps it. Times are whole milliseconds of the cache's own monotonic clock: no setting of the
 * host's clock can move them, and V8 keeps small whole numbers in the object, where it would box doubles (5 ns a hit).
 */
export interface Held<V> {
  /** Undefined when it is known that there is nothing under the key. */
  readonly value: V | undefined;
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;
  readonly tags: readonly string[];
}

/** One moment on both clocks: the cache's own, not rounded, and the wall. */
export interface Moment {
  readonly nowMs: number;
  readonly nowUs: number;
}

/** What a load has just given, with the life its class allows. "There is nothing" is never given stale. */
export function hold<V>(
  value: V | undefined,
  tags: readonly string[],
  { freshMs, staleMs, notFoundMs }: Lifetimes,
  nowMs: number,
): Held<V> {
  const isThere = value !== undefined;
  return {
    value,
    freshUntilMs: Math.floor(nowMs + (isThere ? freshMs : notFoundMs)),
    staleUntilMs: Math.floor(nowMs + (isThere ? freshMs + staleMs : notFoundMs)),
    tags,
  };
}

/** The same for the tiers below. */
export function toTierEntry(held: Held<unknown>, text: string | null, { nowMs, nowUs }: Moment): TierEntry {
  return {
    value: text,
    freshUntilUs: nowUs + Math.floor((held.freshUntilMs - nowMs) * 1000),
    staleUntilUs: nowUs + Math.floor((held.staleUntilMs - nowMs) * 1000),
    tags: held.tags,
  };
}

/** What a tier gave, with the life it has left: never more than its class allows here, whatever clock wrote it. */
export function fromTierEntry<V>(
  entry: TierEntry,
  value: V | undefined,
  { freshMs, staleMs, notFoundMs }: Lifetimes,
  { nowMs, nowUs }: Moment,
): Held<V> {
  const isThere = entry.value !== null;
  const freshLeftMs = Math.min(isThere ? freshMs : notFoundMs, (entry.freshUntilUs - nowUs) / 1000);
  const staleLeftMs = Math.min(isThere ? freshMs + staleMs : notFoundMs, (entry.staleUntilUs - nowUs) / 1000);
  return {
    value,
    freshUntilMs: Math.floor(nowMs + freshLeftMs),
    staleUntilMs: Math.floor(nowMs + staleLeftMs),
    tags: entry.tags,
  };
}
