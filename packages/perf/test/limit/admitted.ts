import { expect } from "vitest";

/** One admitted take, as the tests write them down. */
export interface Admitted {
  readonly atNs: number;
  readonly cost: number;
}

/** The bucket's promise: any `s` seconds, borders included, admit at most `capacity + tokensPerSecond * s`. */
export function expectWithinRate(
  admitted: readonly Admitted[],
  { capacity, tokensPerSecond }: { capacity: number; tokensPerSecond: number },
): void {
  // Of all windows that end at one take the worst is the one for which sum - rate * length is greatest: kept as we go.
  let excess = 0;
  let lastNs = Number.NEGATIVE_INFINITY;
  for (const { atNs, cost } of [...admitted].sort((a, b) => a.atNs - b.atNs)) {
    excess = Math.max(0, excess - ((atNs - lastNs) * tokensPerSecond) / 1e9) + cost;
    lastNs = atNs;
    expect(excess).toBeLessThanOrEqual(capacity + 1e-6); // rounding of this sum
  }
}

/** The most that any half-open window of `windowNs` admitted. */
export function mostInAnyWindow(admitted: readonly Admitted[], windowNs: number): number {
  const sorted = [...admitted].sort((a, b) => a.atNs - b.atNs);
  let most = 0;
  let inside = 0;
  let first = 0;
  for (const { atNs, cost } of sorted) {
    inside += cost;
    for (let oldest = sorted[first]; oldest && oldest.atNs <= atNs - windowNs; oldest = sorted[++first]) {
      inside -= oldest.cost;
    }
    most = Math.max(most, inside);
  }
  return most;
}
