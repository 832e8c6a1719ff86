import type { Instrument, UserStream } from "@pitlane/sdk";
import { Core } from "./core/core.ts";
import { Inputs } from "./core/inputs.ts";
import { jsonRows, recover } from "./core/recovery.ts";
import { describeMarket, describePortfolio } from "./describe.ts";
import { DataEngine } from "./engines/data.ts";
import { toDecimals } from "./engines/portfolio.ts";
import { Journal } from "./journal/journal.ts";
import { readRows } from "./journal/read.ts";
import { createStageLatencies, summarize } from "./latency.ts";
import { OrderGateway } from "./orders/gateway.ts";
import { NO_ORDERS } from "./orders/no-orders.ts";
import { compareBalances, totalOf } from "./orders/reconcile.ts";
import { instrumentsById } from "./orders/records.ts";
import { compareAccounts, endOrders } from "./orders/wind-down.ts";
import { PluginTimers } from "./plugin-timers.ts";
import type { BootNode } from "./plugins/boot-tree.ts";
import { reloadOnSave } from "./plugins/hot-reload.ts";
import { type EndReason, FaultLog, type Report } from "./report.ts";
import { resumeRecord, startRecord } from "./run-record.ts";
import type { Runtime, RuntimeOptions, Status } from "./runtime-types.ts";
import type { TradingVenue } from "./venue.ts";
import { VERSION } from "./version.ts";

const JOURNAL_FLUSH_MS = 50;
const POLL_MS = 10;
const TICK_MS = 1000;
const WARM_CONNECTIONS = 8;

/** What a session has once its plugins are set up. */
interface Parts {
  readonly journal: Journal;
  readonly core: Core;
  readonly inputs: Inputs;
  readonly gateway: OrderGateway;
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
  readonly #data: DataEngine;
  readonly #startedAtUs: number;
  readonly #startedNs: number;
  #halt: (error: Error) => void = () => {};
  #live: Parts | undefined;
  #snapshotSeq = 0; // of the last one
  #userStream: UserStream | undefined;
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
    this.#timers = new PluginTimers({ clock, onDue: (owner, id) => this.#parts.inputs.timer(owner, id) });
    this.#data = new DataEngine({
      stream: client.stream,
      instruments,
      ...(streams === undefined ? {} : { streams }),
      clock,
      latencies: this.#latencies,
      onEvent: (event, change, nowNs) => this.#parts.inputs.market(event, change, nowNs),
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
      onCancelEnd: (order) => this.#parts.inputs.cancelEnded(order),
      onFault: (message) => this.#fault("orders", message),
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
        commit: () => this.#parts.journal.commit(),
      },
      wire: gateway,
      book: (instrument) => this.#data.book(instrument),
      clock,
      latencies,
      defer: () => this.#drainLater(),
      timers: this.#timers,
      control: (control) => this.#parts.inputs.control(control),
      log: (source, message) => this.#options.log(source, message),
      onFault: (source, message) => this.#fault(source, message),
      onHalt: (error) => this.#onHalt(error),
    });
    const journal = this.#openJournal(core, startedAtUs);
    const inputs = new Inputs({ core, journal, onControl: () => this.#applyControlsLater() });
    this.#live = { journal, core, gateway, inputs };
    this.#repeat(JOURNAL_FLUSH_MS, () => this.#flushJournal());
    this.#repeat(config.bus.flushMs, () => {
      if (core.bus.depth > 0) inputs.flushLow();
    });
    this.#repeat(TICK_MS, () => core.plugins.tick());
    if (trading !== undefined) await this.#openAccount(trading);
    await inputs.phase("reconcile");
    await inputs.phase("ready");
    await this.#data.open();
    this.#timers.start();
    if (this.#options.isWatched === true) this.#watch();
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
    await this.#live?.gateway.close();
    await this.#userStream?.close();
    await this.#data.close();
    this.#live?.journal.append("run.failed", { reason: error.message });
    this.#live?.journal.close();
  }

  get #parts(): Parts {
    if (this.#live === undefined) throw new Error("the session is not open");
    return this.#live;
  }

  async #openAccount(venue: TradingVenue): Promise<void> {
    const { core, gateway, inputs } = this.#parts;
    this.#userStream = venue.stream.user({
      instruments: this.instruments,
      onReport: (report) => inputs.report(report),
      onBalances: () => {}, // balances follow from fills; the venue's word on them is compared at the close
      onReconnected: () => {
        for (const order of core.execution.openOrders()) gateway.ask(order);
      },
      onError: (error) => this.#fault("user stream", error.message),
    });
    await this.#userStream.ready;
    // Each call in flight has a socket of its own: asked at once, these leave several open for the first orders.
    await Promise.all(Array.from({ length: WARM_CONNECTIONS }, () => venue.market.getServerTimeUs()));
    // A run that was killed before it knew its account begins here too.
    if (core.portfolio.balances.size > 0) return this.#reconcile(venue);
    const balances = await venue.account.getBalances();
    inputs.account(new Map([...balances].map(([asset, balance]) => [asset, totalOf(balance)])));
  }

  /** Begins the run's journal, or goes on with it from where an earlier process was. */
  #openJournal(core: Core, startedAtUs: number): Journal {
    const { journalPath, clock, config, isResumed = false } = this.#options;
    const options = { path: journalPath, clock, durability: config.journal.durability };
    if (!isResumed) {
      const journal = Journal.create(options);
      journal.append("run.start", startRecord(this.#options, this.instruments, startedAtUs), core.at(journal.nowUs()));
      journal.commit();
      return journal;
    }
    const journal = Journal.resume(options);
    try {
      const from = { fromSeq: journal.recovery?.lastSnapshotSeq ?? 1 };
      recover(core, jsonRows(readRows(journalPath, from)), instrumentsById(this.instruments), core.plugins.names);
      journal.append("run.resume", resumeRecord(core, startedAtUs), core.at(journal.nowUs()));
      journal.commit();
      return journal;
    } catch (error) {
      journal.close();
      throw error;
    }
  }

  /** Asks the venue about every order that may still trade, then compares what fills gave with what the venue says. */
  async #reconcile(venue: TradingVenue): Promise<void> {
    const { core, gateway, journal } = this.#parts;
    const asked = core.execution.openOrders();
    await gateway.adopt(asked);
    const drift = compareBalances(core.portfolio.balances, await venue.account.getBalances());
    for (const difference of drift) this.#fault("accounts", difference);
    journal.append("reconciled", { asked: asked.length, unknown: core.execution.unknown, drift });
    journal.commit();
  }

  /** Exchanges plugins as their files are saved. */
  #watch(): void {
    const { plugins, clock, log } = this.#options;
    const { core, inputs } = this.#parts;
    for (const [owner, { plugin, source }] of plugins.entries()) {
      if (source === undefined) continue;
      const name = core.plugins.names[owner] as string;
      const stop = reloadOnSave({
        host: core.plugins,
        name,
        plugin: plugin.name,
        source,
        clock,
        swap: async (swapped, code) => {
          const report = await core.plugins.swap(swapped, code);
          const { fromVersion, toVersion } = report;
          inputs.swapped({ plugin: swapped, fromVersion, toVersion });
          return report;
        },
        onReload: ({ elapsedMs, notes }) =>
          log(name, [`its new code runs, after ${elapsedMs.toFixed(0)} ms`, ...notes].join("; ")),
        onFailure: (message) => log(name, `its new code does not run, the old one goes on: ${message}`),
      });
      this.#watchers.push(stop);
    }
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

  #flushJournal(): void {
    try {
      this.#snapshotIfDue();
      this.#parts.journal.commit();
    } catch (error) {
      this.#onHalt(error as Error);
    }
  }

  /** Recovery begins at the last snapshot, so that it does not grow with the run. */
  #snapshotIfDue(): void {
    const { journal, core } = this.#parts;
    const due = this.#snapshotSeq + this.#options.config.journal.snapshotEvery;
    if (journal.events >= due && core.isIdle) this.#snapshotSeq = journal.snapshot({ core: core.record() }, core.nowUs);
  }

  #stopTimers(): void {
    for (const timer of this.#repeated.splice(0)) clearInterval(timer);
    for (const stop of this.#watchers.splice(0)) stop();
    clearImmediate(this.#rest);
    clearImmediate(this.#controls);
    this.#timers.close();
  }

  #onHalt(error: Error): void {
    this.#stopTimers();
    this.#fault("journal", error.message);
    this.#live?.core.execution.stopNewOrders("the session is halted");
    this.#halt(error);
  }

  #fault(source: string, text: string): void {
    const message = this.#options.redact?.(text) ?? text;
    if (this.#faults.add(source, message)) {
      this.#live?.journal.append("fault", { source, message });
      this.#options.log(source, message);
    }
  }

  #profit(): Map<string, bigint> {
    const { market, portfolio } = this.#parts.core;
    return portfolio.profit((instrument) => {
      const quote = market.quote(this.instruments.indexOf(instrument));
      return quote === undefined ? undefined : quote.bidTicks + quote.askTicks;
    });
  }

  async #close(reason: EndReason): Promise<Report> {
    const { clock, trading, config } = this.#options;
    const { core, gateway, inputs } = this.#parts;
    // What the market did is measured up to here; winding down is not part of it.
    const durationMs = (clock.monotonicNs() - this.#startedNs) / 1e6;
    const market = describeMarket(this.#data, this.instruments, durationMs);
    const profit = toDecimals(this.#profit());
    this.#timers.close();
    inputs.stop("the session is closing");
    const windDown = {
      execution: core.execution,
      gateway,
      cancelOpen: () => inputs.cancelOpen(),
      clock,
      deadlineNs: clock.monotonicNs() + config.closeTimeoutMs * 1e6,
      onFault: (source: string, message: string) => this.#fault(source, message),
    };
    await endOrders(windDown);
    if (trading !== undefined) await compareAccounts(core.portfolio, trading.account, windDown);
    await gateway.close();
    await this.#userStream?.close();
    await this.#data.close();
    this.#stopTimers();
    if (core.isIdle) this.#parts.journal.snapshot({ core: core.record() }, core.nowUs);
    await core.close();
    const { run, mode } = this.#options;
    const { counters, unknown } = core.execution;
    const { firstEventNs } = this.#data;
    const open = core.execution.openOrders().length;
    const { fills } = core.portfolio;
    const journal = this.#endJournal({ endedBy: reason, orders: counters, open, unknown, fills });
    const memory = process.memoryUsage();
    return {
      run: {
        id: run.id,
        mode,
        seed: config.seed,
        startedAtUs: this.#startedAtUs,
        durationMs: Math.round(durationMs),
        node: process.version,
        version: VERSION,
        strategies: core.plugins.names,
        endedBy: reason,
        firstEventMs: Number.isNaN(firstEventNs) ? null : Math.round((firstEventNs - this.#startedNs) / 1e3) / 1e3,
      },
      market,
      orders: { ...counters, unknown, open },
      fills: { count: fills },
      latency: summarize(this.#latencies),
      portfolio: { ...describePortfolio(core.portfolio), profit },
      bus: { lanes: core.bus.counters(clock.monotonicNs()).lanes },
      memory: { rssMb: Math.round(memory.rss / 1e5) / 10, heapMb: Math.round(memory.heapUsed / 1e5) / 10 },
      journal,
      faults: this.#faults.list(),
    };
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
