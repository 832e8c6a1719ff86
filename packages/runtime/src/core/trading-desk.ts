import type { Execution } from "../engines/execution.ts";
import type { Portfolio } from "../engines/portfolio.ts";
import type { RiskDesk } from "../engines/risk-desk.ts";
import {
  type BreachEntry,
  commandOf,
  growingOrders,
  type TradingCommand,
  type TradingStatus,
} from "../engines/trading-state.ts";
import type { CoreOptions } from "./core-options.ts";

export interface TradingDeskOptions {
  /** As the core was given them. */
  readonly session: Pick<CoreOptions, "instruments" | "journal" | "onPricesNeeded" | "onTradingState">;
  readonly risk: RiskDesk;
  readonly execution: Execution;
  readonly portfolio: Portfolio;
  /** Time of the present input, microseconds since the epoch. */
  readonly nowUs: () => number;
}

/** Sets how trading stands, by an operator's word or by a loss beyond its limit, and cancels what may not stay open with it. */
export class TradingDesk {
  readonly #options: TradingDeskOptions;
  readonly #session: TradingDeskOptions["session"];
  readonly #risk: RiskDesk;
  readonly #watchesLosses: boolean;

  constructor(options: TradingDeskOptions) {
    this.#options = options;
    this.#session = options.session;
    this.#risk = options.risk;
    this.#watchesLosses = options.risk.losses.isNeeded;
  }

  /** A limit on losses that is passed stops all trading, before any hook hears of what has come. */
  checkLosses(): void {
    if (this.#watchesLosses) this.#session.onPricesNeeded?.();
    const breach = this.#risk.checkLosses();
    if (breach === undefined) return;
    const { state } = this.#risk.trading;
    // A breach only ever tightens what an operator has set.
    const isHalt = this.#risk.config.onBreach === "halt" || state === "halted";
    const entry: BreachEntry = { ...breach, state: isHalt ? "halted" : "reduceOnly" };
    this.#session.journal.append("risk.breach", entry);
    if (entry.state !== state) this.set(commandOf(entry));
  }

  /** As `checkLosses`, at once where it may find anything and put off where it may not. */
  lookAtLosses(): void {
    this.#session.onPricesNeeded?.();
    if (!this.#risk.tryPutOffLosses()) this.checkLosses();
  }

  set({ state, reason, by }: TradingCommand): void {
    const { execution, nowUs } = this.#options;
    const status: TradingStatus = { state, reason, by, sinceUs: nowUs() };
    this.#risk.setTrading(status);
    if (state === "halted") execution.sweep();
    else if (state === "reduceOnly") this.#cancelGrowing();
    execution.flush(Number.NaN);
    this.#session.onTradingState?.(status);
  }

  /** Takes back how trading stood, as the journal has it: nothing is sent, but what a halt cancels is to end once the venue has been asked. */
  recover(entry: TradingCommand | BreachEntry): void {
    if ("code" in entry && entry.state === this.#risk.trading.state) return;
    const { state, reason, by } = "code" in entry ? commandOf(entry) : entry;
    this.#risk.setTrading({ state, reason, by, sinceUs: this.#options.nowUs() });
    if (state === "halted") this.#options.execution.recoverSweep();
  }

  #cancelGrowing(): void {
    const { execution, portfolio } = this.#options;
    for (const instrument of this.#session.instruments) {
      const open = execution.openOrders(undefined, instrument);
      if (open.length === 0) continue;
      for (const order of growingOrders(open, portfolio.position(instrument).lots)) execution.cancel(order);
    }
  }
}
