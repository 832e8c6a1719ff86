import type { Clock } from "@pitlane/perf";

/** Something that has a step to make at a time of its own choosing. */
export interface SteppedModel {
  /** When its next step is due, microseconds since the epoch. */
  readonly dueUs: number;
  /** Makes the step and sets the next `dueUs`. */
  step(nowUs: number): void;
  /** Forgets what is overdue. */
  skipTo(nowUs: number): void;
}

const WAKE_MS = 5;
const MOST_BEHIND_US = 1_000_000;

/**
 * Makes the steps of `models` when they are due, in order of time, until `signal` aborts.
 *
 * One timer for all of them, at most every 5 ms, so that a busy market costs no more wake-ups than a quiet one. After a stall up
 * to one second is caught up with; what is older never happened.
 */
export async function driveModels(models: readonly SteppedModel[], clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(WAKE_MS, signal);
    makeDueSteps(models, clock.nowUs());
  }
}

/** Makes all steps due by `nowUs`, the earliest first. */
export function makeDueSteps(models: readonly SteppedModel[], nowUs: number): void {
  for (const model of models) if (model.dueUs < nowUs - MOST_BEHIND_US) model.skipTo(nowUs - MOST_BEHIND_US);
  for (;;) {
    let next: SteppedModel | undefined;
    for (const model of models) if (next === undefined || model.dueUs < next.dueUs) next = model;
    if (next === undefined || next.dueUs > nowUs) return;
    next.step(nowUs);
  }
}
