import type { Instrument } from "@pitlane/sdk";
import { pollBusily } from "./busy-poll.ts";
import { Core } from "./core/core.ts";
import { Inputs } from "./core/inputs.ts";
import { usableCores } from "./cpu-quota.ts";
import { describeMarket } from "./describe.ts";
import { describeRun } from "./describe-run.ts";
import { DataEngine } from "./engines/data.ts";
import { toDecimals } from "./engines/portfolio.ts";
import { describeTrading, RiskHaltError, type TradingState, type TradingStatus } from "./engines/trading-state.ts";
import type { Journal } from "./journal/journal.ts";
import { JournalCommits } from "./journal-commits.ts";
import { createStageLatencies } from "./latency.ts";
import type { ObservedSession } from "./observe/observer.ts";
import { type Pace, SessionWatch } from "./observe/session-watch.ts";
import { openJournal } from "./open-journal.ts";
import { OrderGateway } from "./orders/gateway.ts";
import { NO_ORDERS } from "./orders/no-orders.ts";
import { requestsAtOnce } from "./orders/places.ts";
import { becomesFlat, compareAccounts, endOrders } from "./orders/wind-down.ts";
import { PluginTimers } from "./plugin-timers.ts";
import type { BootNode } from "./plugins/boot-tree.ts";
import { reloadPlugins } from "./reload-plugins.ts";
import { type EndReason, FaultLog, type Report } from "./report.ts";
import type { Runtime, RuntimeOptions, Status } from "./runtime-types.ts";
import { SessionAccount } from "./session-account.ts";
import type { TradingVenue } from "./venue.ts";

const JOURNAL_FLUSH_MS = 50;
const POLL_MS = 10;
const TICK_MS = 1000;
const TOLD_BEHIND_US = 1e6;

/** What a session has once its plugins are set up. */
interface Parts {
  readonly journal: Journal;
  readonly core: Core;
  readonly inputs: Inputs;
  readonly gateway: OrderGateway;
  readonly commits: JournalCommits;
}

/**
 * A live session: sockets, timers and the journal around a `Core` that decides. `openRuntime` is the way in.
 *
 *     market stream, user stream, answers, timers -> Inputs (journaled) -> Core -> OrderGateway -> venue
 */
export class Session implements Runtime {
  readonly instruments: readonly Instrument[];
  readonly halted: Promise<Error>;
  readonly #options: RuntimeOptions;
  readonly #latencies = createStageLatencies();
  readonly #faults: FaultLog;
  readonly #watch: SessionWatch;
  readonly #pace: Pace = { commitRows: 32, commitWithinMs: 50 };
  readonly #data: DataEngine;
  readonly #startedAtUs: number;
  readonly #startedNs: number;
  #halt: (error: Error) => void = () => {};
  #live: Parts | undefined;
  #observed: ObservedSession | undefined;
  #account: SessionAccount | undefined;
  readonly #timers: PluginTimers;
  readonly #repeated: NodeJS.Timeout[] = [];
  readonly #watchers: (() => void)[] = [];
  #controls: NodeJS.Immediate | undefined;
  #rest: NodeJS.Immediate | undefined;
  #closing: Promise<Report> | undefined;

  constructor(options: RuntimeOptions, instruments: readonly Instrument[]) {
    const { clock, client, streams } = options;
    this.#options = options;
    this.instruments = instruments;
    this.#startedAtUs = clock.nowUs();
    this.#startedNs = clock.monotonicNs();
    this.#faults = new FaultLog(() => clock.nowUs());
    this.halted = new Promise((resolve) => {
      this.#halt = resolve;
    });
    this.#watch = new SessionWatch(options, (source, message) => this.#fault(source, message));
    this.#timers = new PluginTimers({
      nowUs: () => this.#parts.journal.nowUs(),
      onDue: (owner, id) => this.#parts.inputs.timer(owner, id),
    });
    this.#data = new DataEngine({
      stream: client.stream,
      instruments,
      ...(streams === undefined ? {} : { streams }),
      clock,
      latencies: this.#latencies,
      onEvent: (event, change, nowNs) => {
        this.#parts.inputs.market(event, change, nowNs);
        this.#watch.market(event);
      },
      onFrameEnd: () => this.#parts.inputs.frameEnd(),
      onFault: (message) => this.#fault("market", message),
    });
  }

  async open(): Promise<void> {
    const { plugins, clock, run, config, recvWindowMs, trading } = this.#options;
    const startedAtUs = clock.nowUs();
    const latencies = this.#latencies;
    const gateway = new OrderGateway({
      venue: trading?.orders ?? NO_ORDERS,
      clock,
      latencies,
      recvWindowMs,
      onReport: (report) => this.#parts.inputs.report(report),
      onFailure: (order, outcome, reason) => this.#parts.inputs.failure(order, outcome, reason),
      pipeline: {
        requests: requestsAtOnce(config.execution, {
          connections: config.orderTransport === "websocket" ? Number.POSITIVE_INFINITY : config.connections,
          batchLimit: trading?.orders.batchLimit,
        }),
        instruments: this.instruments.length,
        batch: config.execution.batch,
        queueTimeoutMs: config.execution.queueTimeoutMs,
      },
      onCancelEnd: (order, refusal) => this.#parts.inputs.cancelEnded(order, refusal),
      onAmendEnd: (order, refusal) => this.#parts.inputs.amendEnded(order, refusal),
      onOverdue: (order) => this.#parts.inputs.overdue(order),
      onFault: (message) => this.#fault("orders", message),
      timer: this.#watch.observation.slowOrders,
    });
    // Plugins are set up before the journal is made: a config that is wrong leaves nothing behind.
    const core = await Core.create({
      runKey: run.key,
      config,
      instruments: this.instruments,
      plugins,
      seed: config.seed,
      budgets: config.budgets,
      startedAtUs,
      journal: {
        append: (kind, body) => void this.#parts.journal.append(kind, body, core.nowUs),
        appendText: (kind, text) => void this.#parts.journal.appendText(kind, text, core.nowUs),
        // Safe is what the wire waits for; the journal itself takes it over once the orders are on their way.
        commit: () => {
          this.#parts.journal.secure();
          this.#parts.commits.soon();
        },
      },
      wire: gateway,
      book: (instrument) => this.#data.book(instrument),
      clock,
      latencies,
      defer: () => this.#drainLater(),
      timers: this.#timers,
      control: (control, triggerNs) => this.#parts.inputs.control(control, triggerNs),
      hookTimes: this.#watch.observation.hookTimes,
      log: (source, message, level) => this.#watch.say(source, message, level),
      onFault: (source, message) => this.#fault(source, message),
      onHalt: (error) => this.#onHalt(error),
      onTradingState: (status) => this.#onTradingState(status),
    });
    const journal = openJournal(this.#options, this.instruments, core, startedAtUs, ({ behindUs }) => {
      if (behindUs >= TOLD_BEHIND_US)
        this.#watch.say(
          "clock",
          `the host's clock is ${(behindUs / 1e6).toFixed(1)} s behind the session's time, which goes on an eighth slower until it has caught up`,
          "warn",
        );
    });
    const inputs = new Inputs({ core, journal, onControl: () => this.#applyControlsLater() });
    const commits = new JournalCommits({
      journal,
      core,
      pace: this.#pace,
      snapshotEvery: config.journal.snapshotEvery,
      onFailure: (error) => this.#onHalt(error),
    });
    this.#live = { journal, core, gateway, inputs, commits };
    this.#repeat(JOURNAL_FLUSH_MS, () => commits.now());
    this.#repeat(config.bus.flushMs, () => {
      if (core.needsFlush) inputs.flushLow();
    });
    this.#repeat(TICK_MS, () => core.plugins.tick());
    this.#observed = await this.#watch.begin({
      session: this,
      startedAtUs: this.#startedAtUs,
      instruments: this.instruments,
      core,
      inputs,
      data: this.#data,
      gateway,
      journal,
      latencies,
      pace: this.#pace,
      faults: () => this.#faults.list(),
    });
    if (trading !== undefined) await this.#openAccount(trading);
    await inputs.phase("reconcile");
    await inputs.phase("ready");
    await this.#data.open();
    this.#timers.start();
    const events = () => this.#data.events;
    this.#watchers.push(pollBusily(config.busyPoll, { cores: usableCores(), events, clock }));
    if (this.#options.isWatched === true)
      this.#watchers.push(
        ...reloadPlugins(this.#options, core, inputs, (name, message) => this.#watch.say(name, message)),
      );
  }

  status(): Status {
    const { execution, portfolio } = this.#parts.core;
    const { tickToOrder } = this.#latencies;
    return {
      events: this.#data.events,
      firstEventNs: this.#data.firstEventNs,
      orders: execution.counters.submitted,
      openOrders: execution.openOrders().length,
      fills: portfolio.fills,
      profit: toDecimals(this.#profit()),
      tickToOrderP50Us: tickToOrder.percentileNs(50) / 1000,
      tickToOrderP99Us: tickToOrder.percentileNs(99) / 1000,
      faults: this.#faults.size,
    };
  }

  get bootTree(): readonly BootNode[] {
    return this.#parts.core.plugins.bootTree;
  }

  get observed(): ObservedSession {
    if (this.#observed === undefined) throw new Error("the session is not open");
    return this.#observed;
  }

  get tradingState(): TradingStatus {
    return this.#parts.core.trading;
  }

  setTradingState(state: TradingState, reason: string, by = "api"): void {
    if (this.#closing !== undefined) return;
    this.#parts.inputs.trading({ state, reason, by });
    this.#parts.commits.now(); // it must outlive a process that is killed at once
  }

  async flatten(reason: string, by = "api"): Promise<boolean> {
    if (this.#closing !== undefined) return false;
    const { core, inputs } = this.#parts;
    inputs.trading({ state: "halted", reason, by, flatten: true });
    this.#parts.commits.now();
    await this.#whenFlat();
    return !core.isFlattening && !core.isFlattenGivenUp;
  }

  async whenSynced(instruments: readonly Instrument[], timeoutMs: number): Promise<boolean> {
    const { clock } = this.#options;
    const deadlineNs = clock.monotonicNs() + timeoutMs * 1e6;
    const isSynced = () => instruments.every((instrument) => this.#data.book(instrument) !== undefined);
    while (!isSynced() && clock.monotonicNs() < deadlineNs) await clock.sleep(POLL_MS);
    return isSynced();
  }

  close(reason: EndReason): Promise<Report> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  /** Leaves after a failed start: closes what was opened, the journal with the reason in it. */
  async abandon(error: Error): Promise<void> {
    this.#stopTimers();
    await this.#live?.core.close();
    await this.#account?.stopComparing();
    await this.#live?.gateway.close();
    await this.#account?.close();
    await this.#data.close();
    await this.#watch.close();
    this.#live?.journal.append("run.failed", { reason: error.message });
    this.#live?.journal.close();
  }

  get #parts(): Parts {
    if (this.#live === undefined) throw new Error("the session is not open");
    return this.#live;
  }

  async #openAccount(venue: TradingVenue): Promise<void> {
    const { core, gateway, inputs, journal } = this.#parts;
    const { clock, config } = this.#options;
    const { instruments } = this;
    const onFault = (source: string, message: string) => this.#fault(source, message);
    this.#account = new SessionAccount({ venue, instruments, core, gateway, inputs, journal, clock, onFault });
    await this.#account.open();
    this.#account.compareEvery(config.orders.reconcileEveryMs);
  }

  #repeat(everyMs: number, task: () => void): void {
    this.#repeated.push(setInterval(task, everyMs));
  }

  #applyControlsLater(): void {
    this.#controls ??= setImmediate(() => {
      this.#controls = undefined;
      this.#parts.inputs.applyControls();
    });
  }

  #drainLater(): void {
    this.#rest ??= setImmediate(() => {
      this.#rest = undefined;
      this.#parts.inputs.rest();
    });
  }

  #stopTimers(): void {
    for (const timer of this.#repeated.splice(0)) clearInterval(timer);
    for (const stop of this.#watchers.splice(0)) stop();
    clearImmediate(this.#rest);
    clearImmediate(this.#controls);
    this.#live?.commits.stop();
    this.#timers.close();
  }

  #onHalt(error: Error): void {
    this.#stopTimers();
    this.#fault("journal", error.message);
    this.#live?.core.execution.stopNewOrders("the session is halted");
    this.#halt(error);
  }

  /** Told of a change in the middle of an input: what follows from it comes after. */
  #onTradingState(status: TradingStatus): void {
    this.#watch.say("risk", describeTrading(status));
    this.#watch.trading(status);
    if (status.state !== "halted" || this.#options.config.risk.afterHalt === "stay") return;
    setImmediate(() => {
      void this.#whenFlat().then(() => this.#halt(new RiskHaltError(status)));
    });
  }

  /** Resolves when no position is being closed any more, or time is up. */
  async #whenFlat(): Promise<void> {
    const { clock, config } = this.#options;
    const { core } = this.#parts;
    const timeoutMs = config.closeTimeoutMs;
    const isFlattening = () => core.isFlattening;
    if (await becomesFlat({ execution: core.execution, isFlattening, clock, timeoutMs })) return;
    this.#fault("risk", `positions are not closed after ${timeoutMs} ms`);
  }

  #fault(source: string, text: string): void {
    const message = this.#options.redact?.(text) ?? text;
    if (this.#faults.add(source, message)) {
      this.#live?.journal.append("fault", { source, message });
      this.#watch.fault(source, message);
    }
  }

  #profit(): Map<string, bigint> {
    const { core } = this.#parts;
    return core.portfolio.profit(
      (instrument) => core.twiceMidTicks(instrument),
      (units, from, to) => core.valuation.tryConvert(units, from, to),
    );
  }

  async #close(reason: EndReason): Promise<Report> {
    const { clock, trading, config } = this.#options;
    const { core, gateway, inputs } = this.#parts;
    // What the market did is measured up to here; winding down is not part of it.
    const durationMs = (clock.monotonicNs() - this.#startedNs) / 1e6;
    const market = describeMarket(this.#data, this.instruments, durationMs);
    this.#timers.close();
    inputs.stop("the session is closing");
    await this.#account?.stopComparing();
    const windDown = {
      execution: core.execution,
      gateway,
      cancelOpen: () => inputs.cancelOpen(),
      clock,
      deadlineNs: clock.monotonicNs() + config.closeTimeoutMs * 1e6,
      onFault: (source: string, message: string) => this.#fault(source, message),
      onWait: (message: string) => this.#watch.say("close", message),
    };
    await endOrders(windDown);
    if (trading !== undefined) await compareAccounts(core.portfolio, trading.account, windDown);
    core.checkAccounts();
    await gateway.close();
    await this.#account?.close();
    await this.#data.close();
    this.#stopTimers();
    if (core.isIdle) this.#parts.journal.snapshot({ core: core.record() }, core.nowUs);
    await core.close();
    await this.#watch.close();
    const { counters, unknown } = core.execution;
    const open = core.execution.openOrders().length;
    const journal = this.#endJournal({ endedBy: reason, orders: counters, open, unknown, fills: core.portfolio.fills });
    return describeRun({
      options: this.#options,
      startedAtUs: this.#startedAtUs,
      startedNs: this.#startedNs,
      durationMs,
      reason,
      market,
      data: this.#data,
      core,
      latencies: this.#latencies,
      journal,
      faults: this.#faults.list(),
    });
  }

  #endJournal(summary: object): Report["journal"] {
    const { journal } = this.#parts;
    journal.append("run.end", summary);
    try {
      journal.close();
    } catch (error) {
      this.#fault("journal", (error as Error).message);
    }
    return { path: journal.path, events: journal.events, bytes: journal.bytes, headHash: journal.headHash };
  }
}
