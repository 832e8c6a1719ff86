/** Memory of a process against its limits, in bytes and percent. */
export interface MemoryUse {
  /** Live and not yet collected objects of this thread's heap. */
  readonly heapUsedBytes: number;
  /** Where V8 gives up with "heap out of memory". */
  readonly heapLimitBytes: number;
  readonly heapPercent: number;
  /** Memory of the whole process that is in RAM. */
  readonly rssBytes: number;
  /** The limit that the monitor was given; nothing enforces it. */
  readonly rssLimitBytes: number;
  readonly rssPercent: number;
  /** Buffers and other memory that V8's objects hold outside the heap. */
  readonly externalBytes: number;
}

/** Sets `usage` beside its limits. */
export function memoryUse(
  usage: Pick<NodeJS.MemoryUsage, "heapUsed" | "rss" | "external">,
  heapLimitBytes: number,
  rssLimitBytes: number,
): MemoryUse {
  return {
    heapUsedBytes: usage.heapUsed,
    heapLimitBytes,
    heapPercent: (usage.heapUsed / heapLimitBytes) * 100,
    rssBytes: usage.rss,
    rssLimitBytes,
    rssPercent: (usage.rss / rssLimitBytes) * 100,
    externalBytes: usage.external,
  };
}
