import { denialsIn, type VoteRecord } from "../hooks/verdict.ts";

/** A reason why orders were denied. */
export interface Denial {
  /** Stable code of the reason, such as `MAX_POSITION`. */
  readonly code: string;
  /** Who said so. */
  readonly voter: string;
  readonly count: number;
  /** The words of the first one. */
  readonly example: string;
}

interface DecidedIntent {
  readonly approved: boolean;
  readonly votes?: readonly VoteRecord[];
}

/**
 * Counts why intents were denied, from decisions as sessions journal them.
 *
 * @example
 * const denials = new DenialCounter();
 * await runBacktest({ ...options, onDecision: denials.onDecision });
 * denials.list[0]?.code; // "MAX_POSITION"
 */
export class DenialCounter {
  readonly #counts = new Map<
    string,
    { readonly code: string; readonly voter: string; count: number; readonly example: string }
  >();

  /** Most often first. */
  get list(): readonly Denial[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count);
  }

  /** Takes a decision; all but denied intents are passed over. */
  readonly onDecision = (kind: string, body: object): void => {
    if (kind !== "intent") return;
    const { approved, votes = [] } = body as DecidedIntent;
    if (approved) return;
    for (const { voter, code = "DENIED", reason = "" } of denialsIn(votes)) {
      const found = this.#counts.get(`${voter} ${code}`);
      if (found === undefined) this.#counts.set(`${voter} ${code}`, { code, voter, count: 1, example: reason });
      else found.count++;
    }
  };
}
