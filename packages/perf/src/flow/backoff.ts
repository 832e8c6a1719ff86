import { inRange } from "../errors.ts";
import type { Random } from "../random.ts";

export interface BackoffOptions {
  /** Longest first delay, in milliseconds; 1 to 3,600,000. */
  readonly baseMs: number;
  /** Longest delay of all, in milliseconds; `baseMs` to 3,600,000. */
  readonly capMs: number;
  /** How much longer each delay may be than the one before; 1 to 10, 2 unless told. */
  readonly factor?: number;
  readonly random: Pick<Random, "next">;
}

/**
 * The delay before attempt `attempt` (0 for the first repeat), in milliseconds: uniform in
 * [0, min(capMs, baseMs * factor^attempt)], so that clients cut off together do not come back together.
 *
 * Source: "full jitter", M. Brooker, AWS Architecture Blog, 2015.
 *
 * @throws {InvalidInputError} When an option is out of range.
 * @example
 * await clock.sleep(backoffMs(attempt, { baseMs: 250, capMs: 30_000, random }), signal);
 */
export function backoffMs(attempt: number, { baseMs, capMs, factor = 2, random }: BackoffOptions): number {
  inRange("baseMs", baseMs, 1, 3_600_000);
  inRange("capMs", capMs, baseMs, 3_600_000);
  inRange("factor", factor, 1, 10);
  return random.next() * Math.min(capMs, baseMs * factor ** Math.min(attempt, 30));
}
