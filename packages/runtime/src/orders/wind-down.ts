import type { Clock } from "@pitlane/perf";
import type { Execution } from "../engines/execution.ts";
import type { Portfolio } from "../engines/portfolio.ts";
import type { TradingVenue } from "../venue.ts";
import type { OrderGateway } from "./gateway.ts";
import { compareBalances } from "./reconcile.ts";

export interface WindDownOptions {
  readonly execution: Pick<Execution, "openOrders" | "withMissingFills">;
  readonly gateway: Pick<OrderGateway, "ask">;
  /** Cancels what is open. */
  readonly cancelOpen: () => void;
  readonly clock: Clock;
  /** When to stop waiting, monotonic. */
  readonly deadlineNs: number;
  readonly onFault: (source: string, message: string) => void;
}

const POLL_MS = 10;

/**
 * Waits until the venue has ended all open orders, whose cancels are under way, or time is up; those whose cancel has failed are
 * cancelled again. What is open then is a fault.
 */
export async function endOrders(options: WindDownOptions): Promise<void> {
  const { execution, gateway, clock, deadlineNs, onFault, cancelOpen } = options;
  while (execution.openOrders().length > 0 && clock.monotonicNs() <= deadlineNs) {
    if (execution.openOrders().some(({ cancelling, cancelWanted }) => !cancelling && !cancelWanted)) cancelOpen();
    await clock.sleep(POLL_MS);
  }
  for (const { clientOrderId, intent, state } of execution.openOrders()) {
    onFault("close", `order ${clientOrderId} on ${intent.instrument.id} is still ${state}`);
  }
  for (const order of execution.withMissingFills()) gateway.ask(order);
}

/** The sum of our fills must be what the venue says. News may still be on its way, so a difference is a fault only when it lasts. */
export async function compareAccounts(
  portfolio: Portfolio,
  account: TradingVenue["account"],
  { clock, deadlineNs, onFault }: WindDownOptions,
): Promise<void> {
  try {
    for (;;) {
      const differences = compareBalances(portfolio.balances, await account.getBalances());
      if (differences.length === 0) return;
      if (clock.monotonicNs() > deadlineNs) {
        for (const difference of differences) onFault("accounts", difference);
        return;
      }
      await clock.sleep(POLL_MS);
    }
  } catch (error) {
    onFault("accounts", `the venue's balances could not be read: ${(error as Error).message}`);
  }
}
