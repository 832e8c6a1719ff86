import type { Clock } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import type { Core } from "./core/core.ts";
import type { Inputs } from "./core/inputs.ts";
import type { Journal } from "./journal/journal.ts";
import type { OrderGateway } from "./orders/gateway.ts";
import { totalsOf } from "./orders/reconcile.ts";
import { Reconciler } from "./orders/reconciler.ts";
import type { TradingVenue, UserFeed } from "./venue.ts";

const WARM_CONNECTIONS = 8;

export interface SessionAccountOptions {
  readonly venue: TradingVenue;
  readonly instruments: readonly Instrument[];
  readonly core: Core;
  readonly gateway: OrderGateway;
  readonly inputs: Inputs;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly onFault: (source: string, message: string) => void;
}

/** A live session's account at its venue: what the venue tells of it, and that both agree about it. */
export class SessionAccount {
  readonly #options: SessionAccountOptions;
  readonly #reconciler: Reconciler;
  #stream: UserFeed | undefined;
  #isNew = false; // the account was not known before

  constructor(options: SessionAccountOptions) {
    const { venue, core, gateway, journal, clock, onFault } = options;
    this.#options = options;
    this.#reconciler = new Reconciler({
      venue: venue.orders,
      account: venue.account,
      execution: core.execution,
      portfolio: core.portfolio,
      gateway,
      clock,
      onReconciled: (entry) => void journal.append("reconciled", entry),
      onFault,
    });
  }

  /** Listens to the venue, then asks it what there is. */
  async open(): Promise<void> {
    const { venue, instruments, core, inputs, onFault } = this.#options;
    this.#stream = venue.stream.user({
      instruments,
      onReport: (report) => inputs.report(report),
      onBalances: () => {}, // balances follow from fills; the venue's word on them is compared at the close
      onReconnected: () => void this.#reconciler.compare("reconnect"),
      onError: (error) => onFault("user stream", error.message),
    });
    await this.#stream.ready;
    // Each call in flight has a socket of its own: asked at once, these leave several open for the first orders.
    await Promise.all(Array.from({ length: WARM_CONNECTIONS }, () => venue.market.getServerTimeUs()));
    // A run that was killed before it knew its account begins here too.
    if (core.portfolio.balances.size > 0) return this.#reconciler.resume();
    this.#isNew = true;
    const balances = await venue.account.listBalances?.();
    if (balances === undefined) inputs.account(totalsOf(await venue.account.getBalances()));
    else for (const [name, own] of balances) inputs.account(totalsOf(own), name);
  }

  /** Compares with what the venue says, from now on, until `stopComparing`. Nothing waits for the first time, of a run that begins. */
  compareEvery(everyMs: number): void {
    this.#reconciler.start(everyMs);
    if (this.#isNew) void this.#reconciler.compare("start");
  }

  async stopComparing(): Promise<void> {
    await this.#reconciler.close();
  }

  /** Hears no more of the venue. */
  async close(): Promise<void> {
    await this.#stream?.close();
  }
}
