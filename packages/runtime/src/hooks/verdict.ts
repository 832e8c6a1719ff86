/** A voter's word. */
export type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly code: string; readonly reason: string };

const ALLOWED: Verdict = { allowed: true };

/** Lets it pass. */
export function allow(): Verdict {
  return ALLOWED;
}

/** Denies it. `code` is stable, upper snake case; `reason` is for people and names the limit. */
export function deny(code: string, reason: string): Verdict {
  return { allowed: false, code, reason };
}

/** One voter's verdict, as kept in the journal. */
export interface NamedVerdict {
  readonly voter: string;
  readonly verdict: Verdict;
}

export function isVerdict(value: unknown): value is Verdict {
  return typeof value === "object" && value !== null && typeof (value as { allowed?: unknown }).allowed === "boolean";
}

/** What a voter said as the journal keeps it: its name alone when it allowed, as nearly all do. */
export type VoteRecord =
  | string
  | { readonly voter: string; readonly allowed: boolean; readonly code?: string; readonly reason?: string };

export function toVoteRecord({ voter, verdict }: NamedVerdict): VoteRecord {
  return verdict.allowed ? voter : { voter, ...verdict };
}

/** The denials among what was kept of a vote. Journals of earlier versions keep an object of those who allowed, too. */
export function denialsIn(votes: readonly VoteRecord[]): readonly Exclude<VoteRecord, string>[] {
  return votes.filter((vote) => typeof vote !== "string" && !vote.allowed) as readonly Exclude<VoteRecord, string>[];
}
