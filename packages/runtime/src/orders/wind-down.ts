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
  /** It takes longer than that. */
  readonly onWait: (message: string) => void;
}

const POLL_MS = 10;
const LONGEST_LOOK_MS = 500; // between looks at balances: each one costs of the budget that the next session at this address needs too
const CANCEL_AGAIN_MS = 100;
const ASKED_AGAIN_MS = 3_000; // after an order's deadline the next question and its answer
const NEWS_MS = 1_000; // for what the last orders have done to the account
const ENDED_MS = 2_000; // for the cancel of an order that was found open at last

/**
 * Waits until the venue has ended all open orders, whose cancels are under way, or time is up; those whose cancel has failed are
 * cancelled again. What is open then is a fault.
 *
 * An order of unknown outcome has more time: until its request can no longer take effect, and the venue was asked once more after that.
 * Then it is known, unless the venue cannot be asked.
 */
export async function endOrders(options: WindDownOptions): Promise<void> {
  const { execution, gateway, clock, onFault, onWait, cancelOpen } = options;
  let { deadlineNs } = options;
  let againNs = clock.monotonicNs() + CANCEL_AGAIN_MS * 1e6;
  let hasTold = false;
  for (;;) {
    const open = execution.openOrders();
    const nowNs = clock.monotonicNs();
    const unheard = open.filter((order) => mayBeHeardOf(order, nowNs));
    if (unheard.length > 0) {
      if (nowNs > options.deadlineNs && !hasTold) {
        onWait(
          `waits for the venue's word on ${unheard.length} orders, until their requests can take no effect any more`,
        );
        hasTold = true;
      }
      deadlineNs = Math.max(deadlineNs, nowNs + ENDED_MS * 1e6);
    }
    if (open.length === 0 || nowNs > deadlineNs) break;
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

export interface FlatWaitOptions extends Pick<WindDownOptions, "clock"> {
  readonly execution: Pick<Execution, "openOrders">;
  /** Positions are being closed. */
  readonly isFlattening: () => boolean;
  /** Longest to wait, in milliseconds; counted anew once orders of unknown outcome, for which a close waits, have had their time. */
  readonly timeoutMs: number;
}

/** Waits until no position is being closed any more; false when time was up. */
export async function becomesFlat({ execution, isFlattening, clock, timeoutMs }: FlatWaitOptions): Promise<boolean> {
  let deadlineNs = clock.monotonicNs() + timeoutMs * 1e6;
  while (isFlattening()) {
    const nowNs = clock.monotonicNs();
    if (execution.openOrders().some((order) => mayBeHeardOf(order, nowNs))) deadlineNs = nowNs + timeoutMs * 1e6;
    if (nowNs > deadlineNs) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}

/** It was sent, nobody knows what became of it, and the venue's word will tell. */
function mayBeHeardOf({ state, deadlineNs }: Order, nowNs: number): boolean {
  return (state === "unknown" || state === "submitted") && nowNs <= deadlineNs + ASKED_AGAIN_MS * 1e6;
}

/** No cancel of it is under way, nor waits for the venue's word on the order. */
function isLeftOpen({ cancelling, cancelWanted, state }: Order): boolean {
  return !cancelling && (!cancelWanted || isWorking(state));
}

/** The sum of our fills must be what the venue says, each of several for itself. News may still be on its way, so a difference is a fault only when it lasts. */
export async function compareAccounts(
  portfolio: Pick<Portfolio, "balances" | "venues">,
  account: TradingVenue["account"],
  { clock, deadlineNs, onFault }: Pick<WindDownOptions, "clock" | "deadlineNs" | "onFault">,
): Promise<void> {
  const untilNs = Math.max(deadlineNs, clock.monotonicNs() + NEWS_MS * 1e6);
  let differences: readonly string[] = [];
  try {
    for (let waitMs = POLL_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_LOOK_MS)) {
      differences = await accountDifferences(portfolio, account);
      if (differences.length === 0) return;
      if (clock.monotonicNs() > untilNs) break;
      await clock.sleep(waitMs);
    }
  } catch (error) {
    onFault("accounts", `the venue's balances could not be read: ${(error as Error).message}`);
  }
  for (const difference of differences) onFault("accounts", difference);
}
