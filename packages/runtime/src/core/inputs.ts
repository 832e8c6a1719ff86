import type { BookChange, MarketEvent, OrderReport, RequestOutcome } from "@pitlane/sdk";
import type { TradingCommand } from "../engines/trading-state.ts";
import type { Journal } from "../journal/journal.ts";
import type { Order } from "../orders/order.ts";
import { toReportRecord } from "../orders/records.ts";
import type { PluginControl, StartPhase } from "../plugins/host.ts";
import type { Core } from "./core.ts";
import { MarketWriter } from "./market-writer.ts";
import type { EndEntry, FailureEntry } from "./recovery.ts";

const REPEAT_BOOKS_US = 300e6;

/** Where inputs are written: a run's journal. */
export type InputJournal = Pick<Journal, "inputs" | "append" | "nowUs">;

export interface InputsOptions {
  readonly core: Core;
  readonly journal: InputJournal;
  /** A control waits: `applyControls` is to be called once the present input, if there is one, is over. */
  readonly onControl: () => void;
}

/**
 * The one door into a live core: each input is journaled first, with its moment, then given to the core. `Replay` is its
 * counterpart, which reads what was written here.
 */
export class Inputs {
  readonly #core: Core;
  readonly #journal: InputJournal;
  readonly #writer: InputJournal["inputs"];
  readonly #market: MarketWriter;
  readonly #controls: { readonly control: PluginControl; readonly triggerNs: number }[] = [];
  readonly #onControl: () => void;
  #isFrameOpen = false; // events came since the last frame's end

  constructor({ core, journal, onControl }: InputsOptions) {
    this.#onControl = onControl;
    this.#core = core;
    this.#journal = journal;
    this.#writer = journal.inputs;
    this.#market = new MarketWriter(journal.inputs, REPEAT_BOOKS_US);
  }

  /** A market event. @param change What a `book` event changed; undefined when the whole book is new. */
  market(event: MarketEvent, change: BookChange | undefined, nowNs: number): void {
    const core = this.#core;
    const { receivedAtUs } = event;
    // Before the last input: the clock was put back, perhaps, and time goes on all the same.
    const atUs = core.at(receivedAtUs < core.nowUs ? this.#journal.nowUs() : receivedAtUs);
    const index = core.indexOf(event.instrument);
    this.#isFrameOpen = true;
    this.#market.write(event, change, index, atUs);
    core.onMarket(event, nowNs, change);
  }

  /** The frame whose events came is over: hooks hear of them now. */
  frameEnd(): void {
    if (!this.#isFrameOpen) return;
    this.#isFrameOpen = false;
    this.#writer.frameEnd(this.#core.nowUs);
    this.#core.drain();
    this.applyControls();
  }

  /** What a full batch left on the bus goes on. */
  rest(): void {
    this.#writer.continue(this.#now());
    this.#core.drain();
    this.applyControls();
  }

  /** The low lane has waited long enough. */
  flushLow(): void {
    this.#writer.flushLow(this.#now());
    this.#core.flushLow();
    this.applyControls();
  }

  /** A timer of a plugin is due. */
  timer(owner: number, id: number): void {
    this.#writer.timer(this.#now(), owner, id);
    this.#core.onTimer(owner, id);
    this.applyControls();
  }

  /**
   * Something that no input explains is to be done to a plugin. It may be asked for in the middle of another input, and becomes one of its
   * own when that is over: a replay then comes to it at the same place.
   */
  control(control: PluginControl, triggerNs = Number.NaN): void {
    this.#controls.push({ control, triggerNs });
    this.#onControl();
  }

  /** The venue's word on an order. What was heard before, by the other of two sockets mostly, is no input. */
  report(report: OrderReport): void {
    if (this.#core.hasHeard(report)) return;
    this.#append("report", toReportRecord(report));
    this.#core.onReport(report);
    this.applyControls();
  }

  /** A submission failed. */
  failure({ clientOrderId }: Order, outcome: RequestOutcome, reason: string): void {
    this.#append("failure", { clientOrderId, outcome, reason } satisfies FailureEntry);
    this.#core.onFailure(clientOrderId, outcome, reason);
    this.applyControls();
  }

  /** A cancel came to its end. Of an order that has ended too nobody can tell the difference. @param refusal Why the venue refused it, else "". */
  cancelEnded({ clientOrderId, isOpen }: Order, refusal: string): void {
    if (isOpen) this.#append("cancel.end", endEntry(clientOrderId, refusal));
    this.#core.onCancelEnded(clientOrderId, refusal);
    this.applyControls();
  }

  /** An amendment came to its end. @param refusal As for `cancelEnded`. */
  amendEnded({ clientOrderId, isOpen }: Order, refusal: string): void {
    if (isOpen) this.#append("amend.end", endEntry(clientOrderId, refusal));
    this.#core.onAmendEnded(clientOrderId, refusal);
    this.applyControls();
  }

  /** The venue has said nothing of an order within its latency budget. */
  overdue({ clientOrderId }: Order): void {
    this.#append("overdue", { clientOrderId });
    this.#core.onOverdue(clientOrderId);
    this.applyControls();
  }

  /**
   * What the account holds at the start, by asset, in its smallest unit.
   * @param venue Whose account it is; left out in a session on a single venue.
   */
  account(balances: ReadonlyMap<string, bigint>, venue?: string): void {
    if (venue === undefined) this.#append("account", Object.fromEntries(balances));
    else this.#append("account.venue", { venue, balances: Object.fromEntries(balances) });
    this.#core.portfolio.start(balances, venue);
  }

  /** The start has come so far. @throws {ControlHookError} When a plugin fails in it. */
  async phase(phase: StartPhase): Promise<void> {
    this.#append("phase", { phase });
    await this.#core.onPhase(phase);
  }

  /** A plugin's code was exchanged: a replay can come no further. */
  swapped(body: { readonly plugin: string; readonly fromVersion: string; readonly toVersion: string }): void {
    this.#append("plugin.swap", body);
  }

  /** An operator has said how trading is to stand. */
  trading(command: TradingCommand): void {
    this.#append("risk.state", command);
    this.#core.onTradingCommand(command);
    this.applyControls();
  }

  /** The session ends: strategies are told nothing more and what is open is cancelled. */
  stop(reason: string): void {
    this.#append("stop", { reason });
    this.#core.stop(reason);
  }

  /** Cancels whose answer was an error are tried again. */
  cancelOpen(): void {
    this.#append("cancel.open", {});
    this.#core.cancelOpen();
  }

  /** Does what `control` was asked for: after each input, and when `onControl` has asked for it. */
  applyControls(): void {
    for (let next = this.#controls.shift(); next !== undefined; next = this.#controls.shift()) {
      this.#append("plugin.control", next.control);
      this.#core.onControl(next.control, next.triggerNs);
    }
  }

  #append(kind: string, body: object): void {
    this.#journal.append(kind, body, this.#now());
  }

  #now(): number {
    return this.#core.at(this.#journal.nowUs());
  }
}

function endEntry(clientOrderId: string, refusal: string): EndEntry {
  return refusal === "" ? { clientOrderId } : { clientOrderId, refusal };
}
