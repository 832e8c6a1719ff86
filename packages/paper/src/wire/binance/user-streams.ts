import type { Account } from "../../engine/accounts.ts";
import type { Market, OrderReport } from "../../engine/market.ts";
import type { TimeUnit } from "./time-unit.ts";
import { accountPositionJson, executionReportJson } from "./user-events.ts";

/** A connection that user events can be sent on. */
export interface UserListener {
  readonly unit: TimeUnit;
  /** @param name What faults may be aimed at: `user.` and the event's. */
  send(text: string, name: string): void;
}

interface Subscription {
  readonly id: number;
  readonly listener: UserListener;
}

/** Who listens to which account's events. Every event is wrapped in `{"subscriptionId","event"}`. */
export class UserStreams {
  readonly #subscriptions = new Map<Account, Set<Subscription>>();

  /** Sends `account`'s events to `listener` from now on; call what is returned to end it. */
  subscribe(account: Account, id: number, listener: UserListener): () => void {
    const subscription = { id, listener };
    const others = this.#subscriptions.get(account) ?? new Set();
    this.#subscriptions.set(account, others.add(subscription));
    return () => others.delete(subscription);
  }

  onReport(market: Market, report: OrderReport): void {
    this.send(report.order.account, "executionReport", (unit) => executionReportJson(market.instrument, report, unit));
  }

  onBalances(account: Account, assets: readonly string[], atUs: number): void {
    this.send(account, "outboundAccountPosition", (unit) => accountPositionJson(account, assets, atUs, unit));
  }

  /** Sends an event of any kind to whoever listens to `account`. @param kind Its `e`. */
  send(account: Account, kind: string, toEvent: (unit: TimeUnit) => string): void {
    const subscriptions = this.#subscriptions.get(account);
    if (subscriptions === undefined) return;
    for (const { id, listener } of subscriptions) {
      listener.send(`{"subscriptionId":${id},"event":${toEvent(listener.unit)}}`, `user.${kind}`);
    }
  }
}
