import type { Clock } from "@pitlane/perf";
import type { ClientEmitter } from "../client-events.ts";

export interface BudgetWaitsOptions {
  /** Told `waited` at each wait's end. */
  readonly events: Pick<ClientEmitter, "emit">;
  readonly clock: Pick<Clock, "monotonicNs">;
}

/** Who waits for a budget. Only calls that have to wait come here: one that is paid at once costs nothing. */
export interface BudgetWaits {
  /** Calls that wait now. */
  count(): number;
  /** Has `wait` counted, and told when it is over, however it ends. @param call What errors name the call. */
  during(call: string, wait: () => Promise<void> | undefined): Promise<void>;
}

/** Nobody waits yet. @param budget The budget's name. */
export function createBudgetWaits(budget: string, { events, clock }: BudgetWaitsOptions): BudgetWaits {
  let waiting = 0;
  return {
    count: () => waiting,
    async during(call, wait) {
      const startNs = clock.monotonicNs();
      waiting++;
      try {
        await wait();
      } finally {
        waiting--;
        events.emit("waited", { budget, call, startNs, endNs: clock.monotonicNs() });
      }
    },
  };
}
