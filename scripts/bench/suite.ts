/** What a bench file exports, so that `npm run bench -- NAME` can run and compare it. Types only: a suite needs no other import. */

/** Does the measured work `n` times; what it returns is kept, so that nothing is optimised away. Async loops are awaited. */
export type Loop = (n: number) => unknown;

/**
 * One measured thing. Each runs in a process of its own, so that one case's types do not slow another's code.
 *
 * `loop` makes the work once and returns the loop over it: the harness finds a count that runs about 50 ms, warms up, takes
 * the quickest of several batches and divides by the count. `value` is for what is no loop (threads, a percentile): it
 * returns the figure itself, in the comparison's unit.
 */
export type Case = { readonly loop: () => Loop | Promise<Loop> } | { readonly value: () => number | Promise<number> };

/**
 * A case whose processes change by more, from one to the next and from one minute to the next, than the cases differ: the cases of a
 * comparison are open at the same time, each in its process, and measure a window in turns.
 */
export interface WindowedCase {
  /** Makes the work, and warms it up. */
  readonly open: () => Promise<{
    /** Does some of the work, and gives its figure in the comparison's unit. */
    readonly window: () => Promise<number>;
    readonly close: () => void;
  }>;
}

export interface Peer<C extends Case | WindowedCase = Case> {
  readonly case: C;
  /** Largest ratio ours/theirs aimed at; left out, 1 against a peer. `null` for a row that is only to be read. */
  readonly aim?: number | null;
  /** What a reader must know to compare fairly: what the peer does not guarantee, or why ours is slower. */
  readonly note?: string;
}

/** Ours beside the peers, all in one unit where less is better. */
export type Comparison = ComparisonOf<Case>;

/** The same of windowed cases. */
export interface WindowedComparison extends ComparisonOf<WindowedCase> {
  /** Windows of each case in a round. The median of the ratios of all windows of all rounds counts. */
  readonly windows: number;
}

export interface ComparisonOf<C extends Case | WindowedCase> {
  /** What is done: "token bucket, tryTake admitted". */
  readonly name: string;
  readonly unit: "ns/op" | "us/op" | "ms" | "ns/record" | "bytes/op" | "bytes" | "%";
  readonly ours: C;
  /** By the peer's name as the row prints it: "limiter 4 RateLimiter.tryRemoveTokens", "plain array (floor)". */
  readonly peers: Readonly<Record<string, Peer<C>>>;
  /** Rounds of which the median ratio counts; 3 unless told. Slow comparisons take fewer. */
  readonly rounds?: number;
}

/** What a figure is held against: a number, or the reference's figure times it. */
export type Bound = { readonly atMost: number } | { readonly atLeast: number };

/** One of a trial's cases. Each run of it has a process of its own. */
export interface TrialCase {
  /** Runs it for about `seconds`, and gives a figure for each of the trial's units. What makes its figures worthless it throws. */
  readonly run: (seconds: number) => Promise<Readonly<Record<string, number>>>;
  /** Figures that must keep to a bound, whatever the other cases give. */
  readonly targets?: Readonly<Record<string, Bound>>;
  /** How large the ratio of a figure to the reference's may be. */
  readonly aims?: Readonly<Record<string, Bound>>;
  /** The same of the ratio to another case than the reference, by its name. */
  readonly against?: Readonly<Record<string, Readonly<Record<string, Bound>>>>;
  /** For its process: flags of V8. */
  readonly nodeFlags?: readonly string[];
  /** As of a `Peer`. */
  readonly note?: string;
}

/** Cases that give several figures of one run each: what is no single number, such as a distribution. */
export interface Trial {
  readonly name: string;
  /** The unit of each figure, by its name as rows print it. */
  readonly units: Readonly<Record<string, string>>;
  /** By name. */
  readonly cases: Readonly<Record<string, TrialCase>>;
  /** The case that ratios are to; none when left out. */
  readonly reference?: string;
  /** Of a run, unless told by `--seconds`. */
  readonly seconds: number;
  /** Rounds of which medians count; 3 unless told. */
  readonly rounds?: number;
}

export interface Suite {
  readonly name: string;
  readonly comparisons: readonly (Comparison | WindowedComparison)[];
  readonly trials?: readonly Trial[];
}
