/** What an abort ends. Must not throw. */
export interface AbortListener {
  handleEvent(): void;
}

/** All that one signal ends, as one listener of it. */
class Sharers extends Set<AbortListener> {
  handleEvent(): void {
    for (const listener of this) listener.handleEvent();
  }
}

const sharersOf = /* @__PURE__ */ new WeakMap<AbortSignal, Sharers>();

/**
 * Has `listener` told when `signal` aborts, until `offAbort`.
 *
 * A caller may give one signal to thousands of calls at once. With a listener for each, Node warns of a leak from the eleventh on, and
 * goes through all of them whenever one is added or removed. So the signal has a single one, which is gone with the last call: raising
 * the limit of the caller's own signal would have hidden his leaks too.
 */
export function onAbort(signal: AbortSignal | undefined, listener: AbortListener): void {
  if (signal === undefined) return;
  const sharers = sharersOf.get(signal) ?? new Sharers();
  if (sharers.size === 0) {
    sharersOf.set(signal, sharers);
    signal.addEventListener("abort", sharers);
  }
  sharers.add(listener);
}

/** Ends what `onAbort` began. */
export function offAbort(signal: AbortSignal | undefined, listener: AbortListener): void {
  const sharers = signal && sharersOf.get(signal);
  sharers?.delete(listener);
  if (sharers?.size === 0) signal?.removeEventListener("abort", sharers);
}
