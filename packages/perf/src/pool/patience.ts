import type { Clock } from "../clock.ts";

/**
 * How long a caller waits: its `signal` aborts when the first of some signals does, or at `dueNs`.
 *
 * Not `AbortSignal.any`, which on Node 20 and 22 leaves an entry in each of its sources for as long as that lives: for a pool's,
 * one for each caller there ever was (nodejs/node#55351). Whoever makes a patience ends it.
 */
export class Patience {
  readonly #caller = new AbortController();
  readonly #ended = new AbortController();
  readonly #sources: readonly (AbortSignal | undefined)[];

  /** The reason of `signal` is that of the source that aborted, the earlier in the list when several have, or what `onLate` makes. */
  constructor(
    clock: Pick<Clock, "monotonicNs" | "sleep">,
    dueNs: number,
    onLate: () => Error,
    sources: readonly (AbortSignal | undefined)[],
  ) {
    this.#sources = sources;
    for (const source of sources) {
      if (source?.aborted) this.#caller.abort(source.reason);
      else source?.addEventListener("abort", this.#onAbort, { once: true });
    }
    clock.sleep((dueNs - clock.monotonicNs()) / 1e6, this.#ended.signal).then(
      () => this.#caller.abort(onLate()),
      () => undefined, // ended before
    );
  }

  get signal(): AbortSignal {
    return this.#caller.signal;
  }

  /** Takes listeners and timer back. */
  end(): void {
    this.#ended.abort();
    for (const source of this.#sources) source?.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = ({ target }: Event) => this.#caller.abort((target as AbortSignal).reason);
}
