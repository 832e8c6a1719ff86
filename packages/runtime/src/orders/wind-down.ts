import type { Clock } from "@pitlane/perf";
import type { BinanceClient } from "@pitlane/sdk/binance";
import type { Execution } from "../engines/execution.ts";
import type { Portfolio } from "../engines/portfolio.ts";
import type { OrderGateway } from "./gateway.ts";
import { compareBalances } from "./reconcile.ts";

export interface WindDownOptions {
  readonly execution: Execution;
  readonly gateway: OrderGateway;
  readonly clock: Clock;
  /** When to stop waiting, monotonic. */
  readonly deadlineNs: number;
  readonly onFault: (source: string, message: string) => void;
}

const POLL_MS = 10;

/**
 * Takes no new orders and cancels the open ones, those that were still on their way once they are known, until the venue has ended them
 * all or time is up. What is open then is a fault.
 */
export async function endOrders({ execution, gateway, clock, deadlineNs, onFault }: WindDownOptions): Promise<void> {
  execution.stopNewOrders("the session is closing");
  for (;;) {
    for (const order of execution.openOrders()) execution.cancel(order);
    execution.flush(Number.NaN);
    if (execution.openOrders().length === 0 || clock.monotonicNs() > deadlineNs) break;
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
  account: BinanceClient["account"],
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
