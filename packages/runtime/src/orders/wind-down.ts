import type { Clock } from "@pitlane/perf";
import type { Execution } from "../engines/execution.ts";
import type { Portfolio } from "../engines/portfolio.ts";
import type { TradingVenue } from "../venue.ts";
import type { OrderGateway } from "./gateway.ts";
import { isWorking, type Order } from "./order.ts";
import { accountDifferences } from "./reconcile.ts";

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
const CANCEL_AGAIN_MS = 100;

/**
 * Waits until the venue has ended all open orders, whose cancels are under way, or time is up; those whose cancel has failed are
 * cancelled again. What is open then is a fault.
 */
export async function endOrders(options: WindDownOptions): Promise<void> {
  const { execution, gateway, clock, deadlineNs, onFault, cancelOpen } = options;
  let againNs = clock.monotonicNs() + CANCEL_AGAIN_MS * 1e6;
  while (execution.openOrders().length > 0 && clock.monotonicNs() <= deadlineNs) {
    await clock.sleep(POLL_MS);
    if (clock.monotonicNs() < againNs || !execution.openOrders().some(isLeftOpen)) continue;
    cancelOpen();
    againNs = clock.monotonicNs() + CANCEL_AGAIN_MS * 1e6;
  }
  for (const { clientOrderId, intent, state } of execution.openOrders()) {
    onFault("close", `order ${clientOrderId} on ${intent.instrument.id} is still ${state}`);
  }
  for (const order of execution.withMissingFills()) gateway.ask(order);
}

/** No cancel of it is under way, nor waits for the venue's word on the order. */
function isLeftOpen({ cancelling, cancelWanted, state }: Order): boolean {
  return !cancelling && (!cancelWanted || isWorking(state));
}

/** The sum of our fills must be what the venue says, each of several for itself. News may still be on its way, so a difference is a fault only when it lasts. */
export async function compareAccounts(
  portfolio: Portfolio,
  account: TradingVenue["account"],
  { clock, deadlineNs, onFault }: WindDownOptions,
): Promise<void> {
  try {
    for (;;) {
      const differences = await accountDifferences(portfolio, account);
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
