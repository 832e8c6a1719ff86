import type { Clock } from "@pitlane/perf";
import type { OrderReport } from "@pitlane/sdk";
import type { Execution } from "../engines/execution.ts";
import type { Portfolio } from "../engines/portfolio.ts";
import type { OrderVenue, VenueAccount } from "../venue.ts";
import type { OrderGateway } from "./gateway.ts";
import { isFinal, isWorking, type Order, type OrderState } from "./order.ts";
import { reasonOf } from "./outcome.ts";
import { accountDifferences } from "./reconcile.ts";

/** Why orders and accounts were compared: a run begins or goes on, the user stream was away, or it was time. */
export type ReconcileCause = "start" | "resume" | "reconnect" | "interval";

/** The body of a `reconciled` row. */
export interface ReconciledEntry {
  readonly cause: ReconcileCause;
  /** Orders that the venue was asked about one by one. */
  readonly asked: number;
  /** Fills that came in meanwhile: by the answers, or by the user stream as always. */
  readonly fills: number;
  /** Orders whose outcome is still unknown. */
  readonly unknown: number;
  /** What differs, a sentence each; empty when all agrees. */
  readonly drift: readonly string[];
}

export interface ReconcilerOptions {
  readonly venue: Pick<OrderVenue, "listOpen">;
  readonly account: VenueAccount;
  readonly execution: Pick<Execution, "openOrders" | "withMissingFills" | "find" | "isOwn" | "unknown">;
  readonly portfolio: Pick<Portfolio, "balances" | "venues" | "fills">;
  readonly gateway: Pick<OrderGateway, "adopt" | "askAll">;
  readonly clock: Pick<Clock, "sleep">;
  readonly onReconciled: (entry: ReconciledEntry) => void;
  /** Something for people to know: each drift, and what could not be asked. */
  readonly onFault: (source: string, message: string) => void;
}

const CALL_MS = 10_000; // longest wait for a list or the balances
const LOOKS = 3; // at balances that differ: a fill may be on its way
const LOOK_AGAIN_MS = 500;

/**
 * Compares what we hold for true with what the venue says: open orders, fills and balances. One comparison at a time; nothing that trades
 * waits for it, and its questions have the lowest priority of the client's budget.
 *
 * - An order that works here and is not open there has ended unheard: the venue is asked what became of it, fills included. The same for one
 *   of which the venue knows more fills.
 * - An order that is open there and not known here, or ended here, in two lists one after the other, is drift: told, never touched. It may be
 *   somebody else's.
 * - Balances that differ, at any of several venues, are looked at again, as a fill may be on its way; what stays is drift.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #isWantedAgain = false;
  #loop: Promise<void> | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Compares every `everyMs` milliseconds from now on. */
  start(everyMs: number): void {
    this.#loop ??= this.#repeat(everyMs);
  }

  /** The run goes on after its process has ended: asks about each order that may still trade, then compares. */
  async resume(): Promise<void> {
    const open = this.#options.execution.openOrders();
    await this.#options.gateway.adopt(open);
    await this.#compareOnce("resume", open.length);
  }

  /** Compares now, or once more when a comparison under way has ended; nothing before `start`. Failures are told as faults. */
  compare(cause: ReconcileCause): Promise<void> {
    if (this.#loop === undefined) return Promise.resolve();
    if (this.#running !== undefined) this.#isWantedAgain = true;
    else
      this.#running = this.#run(cause).finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  /** Ends waits and calls; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the session is closing"));
    await this.#loop;
    await this.#running;
  }

  async #repeat(everyMs: number): Promise<void> {
    for (;;) {
      try {
        await this.#options.clock.sleep(everyMs, this.#stop.signal);
      } catch {
        return; // closing
      }
      await this.compare("interval");
    }
  }

  async #run(cause: ReconcileCause): Promise<void> {
    do {
      this.#isWantedAgain = false;
      try {
        await this.#compareOnce(cause, 0);
      } catch (error) {
        if (!this.#stop.signal.aborted)
          this.#options.onFault("orders", `orders and accounts could not be compared: ${reasonOf(error)}`);
      }
    } while (this.#isWantedAgain && !this.#stop.signal.aborted);
  }

  async #compareOnce(cause: ReconcileCause, alreadyAsked: number): Promise<void> {
    const { execution, portfolio, gateway, onFault, onReconciled } = this.#options;
    const fillsBefore = portfolio.fills;
    const drift: string[] = [];
    const asked = await this.#ordersToAsk(drift);
    for (const { clientOrderId, state } of await gateway.askAll(asked))
      if (isWorking(state)) drift.push(`order ${clientOrderId} is ${state} here, and the venue knows none by that id`);
    for (const difference of drift) onFault("orders", difference);
    const differences = await this.#balanceDrift();
    for (const difference of differences) onFault("accounts", difference);
    onReconciled({
      cause,
      asked: alreadyAsked + asked.length,
      fills: portfolio.fills - fillsBefore,
      unknown: execution.unknown,
      drift: [...drift, ...differences],
    });
  }

  /** Orders whose own word of the venue is needed; what is open there and not here is added to `drift`. */
  async #ordersToAsk(drift: string[]): Promise<readonly Order[]> {
    const { venue, execution } = this.#options;
    const asked = new Set(execution.withMissingFills());
    if (venue.listOpen === undefined) {
      for (const order of execution.openOrders()) if (isWorking(order.state)) asked.add(order);
      return [...asked];
    }
    // Taken before the question: one accepted in the meantime may be missing from the answer.
    const working = execution.openOrders().filter(({ state }) => isWorking(state));
    const open = await this.#listOpen();
    for (const report of open.values()) {
      const order = execution.find(report.clientOrderId);
      if (order !== undefined && isWorking(order.state) && isBehind(order, report)) asked.add(order);
    }
    for (const order of working) if (isWorking(order.state) && !open.has(order.clientOrderId)) asked.add(order);
    drift.push(...(await this.#strays(open)));
    return [...asked];
  }

  /**
   * Orders that are open there and not known here, or ended here. One may have ended while the list was on its way: only what a second list has
   * as well is told.
   */
  async #strays(open: ReadonlyMap<string, OrderReport>): Promise<readonly string[]> {
    const { execution } = this.#options;
    const isStray = ({ clientOrderId }: OrderReport) => {
      const order = execution.find(clientOrderId);
      return order === undefined || isFinal(order.state);
    };
    const suspects = [...open.values()].filter(isStray);
    if (suspects.length === 0) return [];
    const again = await this.#listOpen();
    return suspects
      .filter((report) => again.has(report.clientOrderId))
      .map((report) => {
        const { clientOrderId: id } = report;
        return strayOf(report, execution.find(id)?.state, execution.isOwn(id));
      });
  }

  /** What the venue says is open, by client order id. */
  async #listOpen(): Promise<ReadonlyMap<string, OrderReport>> {
    const { venue } = this.#options;
    const reports = (await venue.listOpen?.({ timeoutMs: CALL_MS, signal: this.#stop.signal })) ?? [];
    return new Map(reports.map((report) => [report.clientOrderId, report]));
  }

  async #balanceDrift(): Promise<readonly string[]> {
    const { account, portfolio, clock } = this.#options;
    const { signal } = this.#stop;
    for (let look = 1; ; look++) {
      const fills = portfolio.fills;
      const differences = await accountDifferences(portfolio, account, { timeoutMs: CALL_MS, signal });
      if (differences.length === 0) return differences;
      // While it trades without a pause the two are never of one moment: nothing is said of that.
      if (look >= LOOKS) return portfolio.fills === fills ? differences : [];
      await clock.sleep(LOOK_AGAIN_MS, signal);
    }
  }
}

function isBehind(order: Order, { filledLots, sizeLots }: OrderReport): boolean {
  return filledLots > order.filledLots || (sizeLots < order.sizeLots && order.amendLots === 0);
}

/** @param isOwn It is of this run: where it has no state it has ended, and is not kept any more. */
function strayOf({ clientOrderId, instrument }: OrderReport, state: OrderState | undefined, isOwn: boolean): string {
  const unknown = isOwn ? "which has ended here" : "which is not of this run";
  const what = state === undefined ? unknown : `which is ${state} here`;
  return `the venue has order ${clientOrderId} on ${instrument.id} open, ${what}`;
}
