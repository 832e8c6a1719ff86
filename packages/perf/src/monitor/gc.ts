import { constants, PerformanceObserver } from "node:perf_hooks";

/** `minor` collects young objects, `major` the whole heap, `incremental` marks ahead of one, `weakCallbacks` runs finalisers. */
export const GC_KINDS = ["minor", "major", "incremental", "weakCallbacks", "other"] as const;

/** One of `GC_KINDS`. */
export type GcKind = (typeof GC_KINDS)[number];

/** Pauses of one kind in a period. */
export interface GcPauses {
  readonly count: number;
  /** Sum of all pauses, microseconds. */
  readonly totalUs: number;
  /** Longest pause, microseconds. */
  readonly maxUs: number;
}

/** Pauses of a period by kind. */
export type GcReading = Readonly<Record<GcKind, GcPauses>>;

/** Adds up pauses of the collector by kind. */
export class GcTally {
  readonly #counts = new Float64Array(GC_KINDS.length);
  readonly #totalUs = new Float64Array(GC_KINDS.length);
  readonly #maxUs = new Float64Array(GC_KINDS.length);

  /** Counts one pause of `durationUs` microseconds. */
  add(kind: GcKind, durationUs: number): void {
    const i = GC_KINDS.indexOf(kind);
    (this.#counts[i] as number) += 1;
    (this.#totalUs[i] as number) += durationUs;
    if (durationUs > (this.#maxUs[i] as number)) this.#maxUs[i] = durationUs;
  }

  /** What was added since the last `take`. */
  take(): GcReading {
    const reading = {} as Record<GcKind, GcPauses>;
    for (const [i, kind] of GC_KINDS.entries())
      reading[kind] = {
        count: this.#counts[i] as number,
        totalUs: this.#totalUs[i] as number,
        maxUs: this.#maxUs[i] as number,
      };
    for (const cells of [this.#counts, this.#totalUs, this.#maxUs]) cells.fill(0);
    return reading;
  }
}

/** The name of one of Node's `NODE_PERFORMANCE_GC_...` constants. */
export function toGcKind(kind: number | undefined): GcKind {
  switch (kind) {
    case constants.NODE_PERFORMANCE_GC_MINOR:
      return "minor";
    case constants.NODE_PERFORMANCE_GC_MAJOR:
      return "major";
    case constants.NODE_PERFORMANCE_GC_INCREMENTAL:
      return "incremental";
    case constants.NODE_PERFORMANCE_GC_WEAKCB:
      return "weakCallbacks";
    default:
      return "other";
  }
}

/** One pause of the collector. */
export interface GcPause {
  readonly kind: GcKind;
  /** When it began, milliseconds on the scale of `performance.now`. */
  readonly startMs: number;
  readonly durationMs: number;
}

/**
 * Adds this thread's collections to `tally` until the function it returns is called.
 *
 * Node hands a collection over in a later turn of the event loop, so one that happened just now is not counted yet.
 *
 * @param onPause Told of each of them as well.
 */
export function observeGc(tally: GcTally, onPause?: (pause: GcPause) => void): () => void {
  const observer = new PerformanceObserver((list) => {
    for (const { detail, duration, startTime } of list.getEntries() as GcEntry[]) {
      const kind = toGcKind(detail?.kind);
      tally.add(kind, duration * 1000);
      onPause?.({ kind, startMs: startTime, durationMs: duration });
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => observer.disconnect();
}

interface GcEntry {
  readonly startTime: number; // milliseconds, as performance.now
  readonly duration: number; // milliseconds
  readonly detail?: { readonly kind?: number };
}
