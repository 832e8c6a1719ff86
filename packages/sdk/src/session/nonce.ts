import { type Clock, inRange } from "@pitlane/perf";
import { check, checkMethods } from "../checks.ts";

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
 * @throws {InvalidInputError} When `unit` is neither `ms` nor `us`, or the clock is none; from `next`, when what it tells is no time.
 * @example
 * const nonce = createNonce(venueClock);
 * const body = encodeParams({ nonce: nonce.next(), ...order });
 */
export function createNonce(clock: Pick<Clock, "nowUs">, unit: "ms" | "us" = "ms"): Nonce {
  checkMethods("clock", clock, "nowUs");
  check(unit === "ms" || unit === "us", "unit", "ms or us", unit);
  const perUnit = unit === "ms" ? 1000 : 1;
  let last = 0;
  return {
    next() {
      const nowUs = inRange("clock.nowUs()", clock.nowUs(), 0, Number.MAX_SAFE_INTEGER); // NaN would stay for good
      last = Math.max(last + 1, Math.floor(nowUs / perUnit));
      return last;
    },
  };
}
