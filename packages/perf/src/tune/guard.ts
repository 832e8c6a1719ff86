/** A figure that must stay in bounds whatever the objective gains: an error rate, a p99, memory. */
export interface Guard {
  /** Names the guard in the audit trail. */
  readonly name: string;
  /** Largest value allowed. */
  readonly max: number;
  /** The figure now, over whatever time suits it. One that throws or gives NaN counts as tripped: what cannot be seen is not safe. */
  read(): number;
}

/** A guard that was over its limit, or could not be read. */
export interface Trip {
  readonly guard: string;
  /** What was read; null when it could not be. */
  readonly value: number | null;
  readonly max: number;
  /** Why it could not be read. */
  readonly error?: string;
}

/** The first of `guards` that is over its limit. */
export function trippedGuard(guards: readonly Guard[]): Trip | undefined {
  for (const guard of guards) {
    const { name, max } = guard;
    try {
      const value = guard.read();
      if (value <= max) continue;
      return { guard: name, value: Number.isNaN(value) ? null : value, max };
    } catch (error) {
      return { guard: name, value: null, max, error: error instanceof Error ? error.message : String(error) };
    }
  }
  return undefined;
}
