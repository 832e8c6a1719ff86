import { type Clock, InvalidInputError } from "@pitlane/perf";

/** A source of numbers that only grow. */
export interface Nonce {
  /** The next one: above every one before it. */
  next(): number;
}

/**
 * Nonces from a clock, in milliseconds or microseconds since the epoch: the time itself, or one more than the last where that is
 * not above it, so that calls in one millisecond differ and a clock set back repeats nothing. Whoever shares a key shares one
 * of these; it remembers nothing beyond its process, whose restart takes longer than the few milliseconds a burst runs ahead.
 *
 * @throws {InvalidInputError} When `unit` is neither `ms` nor `us`.
 * @example
 * const nonce = createNonce(venueClock);
 * const body = encodeParams({ nonce: nonce.next(), ...order });
 */
export function createNonce(clock: Pick<Clock, "nowUs">, unit: "ms" | "us" = "ms"): Nonce {
  if (unit !== "ms" && unit !== "us") throw new InvalidInputError(`unit must be ms or us, got ${String(unit)}`);
  const perUnit = unit === "ms" ? 1000 : 1;
  let last = 0;
  return {
    next() {
      last = Math.max(last + 1, Math.floor(clock.nowUs() / perUnit));
      return last;
    },
  };
}
