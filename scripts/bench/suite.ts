/** What a bench file exports, so that `npm run bench -- NAME` can run and compare it. Types only: a suite needs no other import. */

/** Does the measured work `n` times; what it returns is kept, so that nothing is optimised away. Async loops are awaited. */
export type Loop = (n: number) => unknown;

/**
 * One measured thing. Each runs in a process of its own, so that one case's types do not slow another's code.
 *
 * `loop` makes the work once and returns the loop over it: the harness finds a count that runs about 50 ms, warms up, takes
 * the fastest of several batches and divides by the count. `value` is for what is no loop (threads, a percentile): it
 * returns the figure itself, in the comparison's unit.
 */
export type Case = { readonly loop: () => Loop | Promise<Loop> } | { readonly value: () => number | Promise<number> };

export interface Peer {
  readonly case: Case;
  /** Largest ratio ours/theirs aimed at; left out, 1 against a peer. `null` for a row that is only to be read. */
  readonly aim?: number | null;
  /** What a reader must know to compare fairly: what the peer does not guarantee, or why ours is slower. */
  readonly note?: string;
}

/** Ours beside the peers, all in one unit where less is better. */
export interface Comparison {
  /** What is done: "token bucket, tryTake admitted". */
  readonly name: string;
  readonly unit: "ns/op" | "us/op" | "ms" | "ns/record" | "bytes/op" | "bytes" | "%";
  readonly ours: Case;
  /** By the peer's name as the row prints it: "limiter 4 RateLimiter.tryRemoveTokens", "plain array (floor)". */
  readonly peers: Readonly<Record<string, Peer>>;
  /** Rounds of which the median ratio counts; 3 unless told. Slow comparisons take fewer. */
  readonly rounds?: number;
}

export interface Suite {
  readonly name: string;
  readonly comparisons: readonly Comparison[];
}
