/** CPU time a process has used so far and when that was read. */
export interface CpuReading {
  /** Time in the program's own code, microseconds, summed over all threads. */
  readonly userUs: number;
  /** Time in the kernel on its behalf, microseconds, summed over all threads. */
  readonly systemUs: number;
  /** Monotonic time of the reading, nanoseconds. */
  readonly atNs: number;
}

/** CPU use in percent of one core: above 100 when several threads are busy. */
export interface CpuUse {
  readonly userPercent: number;
  readonly systemPercent: number;
  readonly percent: number;
}

/**
 * CPU use between two readings; all 0 when no time passed.
 *
 * @example
 * cpuUse({ userUs: 0, systemUs: 0, atNs: 0 }, { userUs: 400_000, systemUs: 100_000, atNs: 1e9 }).percent; // 50
 */
export function cpuUse(from: CpuReading, to: CpuReading): CpuUse {
  const elapsedUs = (to.atNs - from.atNs) / 1000;
  if (elapsedUs <= 0) return { userPercent: 0, systemPercent: 0, percent: 0 };
  const userPercent = ((to.userUs - from.userUs) / elapsedUs) * 100;
  const systemPercent = ((to.systemUs - from.systemUs) / elapsedUs) * 100;
  return { userPercent, systemPercent, percent: userPercent + systemPercent };
}
