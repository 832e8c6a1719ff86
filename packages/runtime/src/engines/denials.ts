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

/** Of an intent that nobody voted against: it was taken back before it was sent, or the session took no more. */
const WITHDRAWN = "WITHDRAWN";
/** Of what came after `MOST_KINDS` others: plugins make codes of their own. */
const OTHERS = "OTHERS";
const MOST_KINDS = 200;

/**
 * Counts why intents were denied, each at every code and voter that denied it, from decisions as sessions journal them. 200 of them are
 * told apart; further ones are counted together, as `OTHERS`.
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
    return [...this.#counts.values()].map((denial) => ({ ...denial })).sort((a, b) => b.count - a.count);
  }

  /** Takes a decision; all but denied intents are passed over. */
  readonly onDecision = (kind: string, body: object): void => {
    if (kind !== "intent") return;
    const { approved, votes = [] } = body as DecidedIntent;
    if (!approved) this.count(votes);
  };

  /** Counts an intent that was denied. @param reason Why, where nobody voted against it. */
  count(votes: readonly VoteRecord[], reason = ""): void {
    const denials = denialsIn(votes);
    if (denials.length === 0) this.#add(WITHDRAWN, "pipeline", 1, reason);
    for (const { voter, code = "DENIED", reason: words = "" } of denials) this.#add(code, voter, 1, words);
  }

  /** Takes over what an earlier process has counted, in place of all there is. */
  restore(denials: readonly Denial[]): void {
    this.#counts.clear();
    for (const { code, voter, count, example } of denials) this.#add(code, voter, count, example);
  }

  #add(code: string, voter: string, count: number, example: string): void {
    const found = this.#counts.get(`${voter} ${code}`);
    if (found !== undefined) found.count += count;
    else if (this.#counts.size < MOST_KINDS || code === OTHERS)
      this.#counts.set(`${voter} ${code}`, { code, voter, count, example });
    else this.#add(OTHERS, "", count, `${code}: ${example}`);
  }
}
