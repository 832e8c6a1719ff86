import type { Clock } from "@pitlane/perf";
import { formatScaled, type Instrument, InvalidInputError } from "@pitlane/sdk";
import type { BinanceClient, UserStream } from "@pitlane/sdk/binance";
import { Bus } from "./bus/bus.ts";
import type { BusEvent } from "./bus/events.ts";
import type { Config } from "./config.ts";
import { DataEngine } from "./engines/data.ts";
import { Execution } from "./engines/execution.ts";
import { addLimitVoters } from "./engines/limits.ts";
import { Portfolio, toDecimals } from "./engines/portfolio.ts";
import { RiskEngine } from "./engines/risk.ts";
import { compileHooks } from "./hooks/compile.ts";
import { Dispatcher } from "./hooks/dispatcher.ts";
import { Journal } from "./journal/journal.ts";
import { createStageLatencies, summarize } from "./latency.ts";
import { OrderGateway } from "./orders/gateway.ts";
import { compareBalances, totalOf } from "./orders/reconcile.ts";
import type { Plugin } from "./plugins/define.ts";
import { setUpPlugins } from "./plugins/host.ts";
import { describeBook, type EndReason, FaultLog, type InstrumentReport, type Report, type RunMode } from "./report.ts";
import type { RunId } from "./run-id.ts";
import { VERSION } from "./version.ts";

export interface RuntimeOptions {
  readonly run: RunId;
  readonly mode: RunMode;
  readonly config: Config;
  readonly plugins: readonly Plugin[];
  /** Settings by plugin name. */
  readonly pluginConfigs: Readonly<Record<string, unknown>>;
  readonly client: BinanceClient;
  /** False where the venue gives market data only: every intent is then denied. */
  readonly trading: boolean;
  /** The venue's own stream names; the client's default when left out. */
  readonly streams?: readonly string[];
  readonly journalPath: string;
  /** As the client has it. */
  readonly recvWindowMs: number;
  readonly clock: Clock;
  /** A line for people. */
  readonly log: (source: string, message: string) => void;
}

/** A running session's figures, for a status line. */
export interface Status {
  readonly events: number;
  /** When the first market event was received, monotonic nanoseconds; NaN before. */
  readonly firstEventNs: number;
  readonly orders: number;
  readonly openOrders: number;
  readonly fills: number;
  /** By quote asset, decimal text. */
  readonly profit: Readonly<Record<string, string>>;
  /** Microseconds; 0 before the first order. */
  readonly tickToOrderP50Us: number;
  readonly tickToOrderP99Us: number;
  readonly faults: number;
}

const JOURNAL_FLUSH_MS = 50;
const POLL_MS = 10;
const WARM_CONNECTIONS = 8;

/**
 * One session: strategies on a venue, from the first subscription to the report.
 *
 * @example
 * const runtime = await openRuntime(options);
 * await clock.sleep(20_000);
 * const report = await runtime.close("duration");
 */
export interface Runtime {
  readonly instruments: readonly Instrument[];
  status(): Status;
  /**
   * Resolves when the books of `instruments` are in sync, or false when some still are not after `timeoutMs`. A recording may be over
   * before the answers to the snapshot requests it caused are read.
   */
  whenSynced(instruments: readonly Instrument[], timeoutMs: number): Promise<boolean>;
  /** Resolves with the reason when the session cannot go on: the journal failed. */
  readonly halted: Promise<Error>;
  /** Stops strategies, cancels what is open, waits for the venue's word, closes everything and returns the report. Idempotent. */
  close(reason: EndReason): Promise<Report>;
}

/**
 * Opens a session: learns the instruments, sets the plugins up, starts the journal, then opens the user stream and at last the market.
 *
 * @throws {InvalidInputError} When a plugin's config or setup fails; nothing was traded and the journal is valid.
 * @throws {RequestError} When the venue cannot be reached or refuses the login.
 */
export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const session = new Session(options, await options.client.market.listInstruments());
  try {
    await session.open();
  } catch (error) {
    await session.abandon(error as Error);
    throw error;
  }
  return session;
}

class Session implements Runtime {
  readonly instruments: readonly Instrument[];
  readonly halted: Promise<Error>;
  readonly #options: RuntimeOptions;
  readonly #indexes: ReadonlyMap<Instrument, number>;
  readonly #latencies = createStageLatencies();
  readonly #faults: FaultLog;
  readonly #risk = new RiskEngine();
  readonly #bus: Bus;
  readonly #data: DataEngine;
  readonly #startedAtUs: number;
  readonly #startedNs: number;
  #halt: (error: Error) => void = () => {};
  #journal: Journal | undefined;
  #gateway: OrderGateway | undefined;
  #execution: Execution | undefined;
  #dispatcher: Dispatcher | undefined;
  #portfolio = new Portfolio(new Map());
  #userStream: UserStream | undefined;
  #flushTimer: NodeJS.Timeout | undefined;
  #closing: Promise<Report> | undefined;

  constructor(options: RuntimeOptions, instruments: readonly Instrument[]) {
    const { clock, client, streams } = options;
    this.#options = options;
    this.instruments = instruments;
    this.#indexes = new Map(instruments.map((instrument, index) => [instrument, index]));
    this.#startedAtUs = clock.nowUs();
    this.#startedNs = clock.monotonicNs();
    this.#faults = new FaultLog(() => clock.nowUs());
    this.halted = new Promise((resolve) => {
      this.#halt = resolve;
    });
    this.#bus = new Bus({
      dispatch: (event, queuedNs) => this.#dispatch(event, queuedNs),
      defer: (task) => setImmediate(task),
      onOverflow: (lane, depth) => this.#fault("bus", `lane ${lane} is over its bound with ${depth} events`),
    });
    this.#data = new DataEngine({
      stream: client.stream,
      instruments,
      indexOf: (instrument) => this.#indexOf(instrument),
      ...(streams === undefined ? {} : { streams }),
      bus: this.#bus,
      clock,
      latencies: this.#latencies,
      onFault: (message) => this.#fault("market", message),
    });
  }

  async open(): Promise<void> {
    const { plugins, pluginConfigs, clock, client, run, config, mode, trading } = this.#options;
    const registered = await setUpPlugins(plugins, pluginConfigs, {
      instruments: this.instruments,
      submit: (owner, intent) => {
        if (!this.#indexes.has(intent.instrument))
          throw new InvalidInputError("an intent's instrument must be one of ctx.instruments");
        return this.#running.submit(owner, intent);
      },
      cancel: (order) => this.#running.cancel(order),
      openOrders: (owner, instrument) => this.#running.openOrders(owner, instrument),
      book: (instrument) => this.#data.book(instrument),
      quote: (instrument) => this.#data.quote(instrument),
      positionLots: (instrument) => this.#portfolio.position(instrument).lots,
      balance: (asset) => this.#portfolio.balances.get(asset) ?? 0n,
      nowUs: () => clock.nowUs(),
      log: (plugin, message) => this.#options.log(plugin, message),
    });
    addLimitVoters(this.#risk, {
      config: config.risk,
      instruments: this.instruments,
      exposure: (instrument) => this.#running.exposure(instrument),
      quote: (instrument) => this.#data.quote(instrument),
    });
    for (const { plugin, vote } of registered.votes) this.#risk.addVoter(plugin, vote);
    const journal = new Journal({ path: this.#options.journalPath, clock });
    this.#journal = journal;
    journal.append("run.start", {
      id: run.id,
      mode,
      version: VERSION,
      node: process.version,
      config,
      plugins: plugins.map(({ name, version }) => ({ name, version })),
      instruments: this.instruments,
    });
    journal.commit();

    const gateway = new OrderGateway({
      venue: client.orders,
      clock,
      latencies: this.#latencies,
      recvWindowMs: this.#options.recvWindowMs,
      onReport: (report) => this.#publish({ kind: "report", instrument: report.instrument, report }),
      onFailure: (order, outcome, reason) => {
        this.#running.onFailure(order, outcome, reason);
        this.#bus.drain();
      },
      onFault: (message) => this.#fault("orders", message),
    });
    this.#gateway = gateway;

    if (trading) await this.#openAccount();
    const execution = new Execution({
      runKey: run.key,
      strategies: plugins.map((plugin) => plugin.name),
      clock,
      risk: this.#risk,
      journal,
      gateway,
      portfolio: this.#portfolio,
      latencies: this.#latencies,
      publish: (event) => this.#bus.publish(event, this.#indexOf(event.instrument), clock.monotonicNs()),
      onFault: (message) => this.#fault("orders", message),
      onHalt: (error) => this.#onHalt(error),
    });
    this.#execution = execution;
    this.#dispatcher = new Dispatcher({
      table: compileHooks(registered.hooks, this.instruments),
      owners: plugins.map((plugin) => plugin.name),
      clock,
      latencies: this.#latencies,
      afterHook: (triggerNs) => execution.flush(triggerNs),
      onFault: (source, message) => this.#fault(source, message),
      onQuarantine: (owner) => {
        for (const order of execution.openOrders(owner)) execution.cancel(order);
      },
    });
    this.#flushTimer = setInterval(() => this.#flushJournal(), JOURNAL_FLUSH_MS);
    await this.#data.open();
  }

  status(): Status {
    const { counters } = this.#running;
    const { tickToOrder } = this.#latencies;
    return {
      events: this.#data.events,
      firstEventNs: this.#data.firstEventNs,
      orders: counters.submitted,
      openOrders: this.#running.openOrders().length,
      fills: this.#portfolio.fills,
      profit: toDecimals(this.#profit()),
      tickToOrderP50Us: tickToOrder.percentileNs(50) / 1000,
      tickToOrderP99Us: tickToOrder.percentileNs(99) / 1000,
      faults: this.#faults.list().length,
    };
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
    clearInterval(this.#flushTimer);
    await this.#gateway?.close();
    await this.#userStream?.close();
    await this.#data.close();
    this.#journal?.append("run.failed", { reason: error.message });
    this.#journal?.close();
  }

  get #running(): Execution {
    if (this.#execution === undefined)
      throw new InvalidInputError("orders can be placed once the session runs: submit from a hook, not from setup");
    return this.#execution;
  }

  async #openAccount(): Promise<void> {
    const { client } = this.#options;
    this.#userStream = client.stream.user({
      instruments: this.instruments,
      onReport: (report) => this.#publish({ kind: "report", instrument: report.instrument, report }),
      onBalances: () => {}, // balances follow from fills; the venue's word on them is compared at the close
      onReconnected: () => {
        for (const order of this.#running.openOrders()) this.#gateway?.ask(order);
      },
      onError: (error) => this.#fault("user stream", error.message),
    });
    await this.#userStream.ready;
    // Each call in flight has a socket of its own: asked at once, these leave several open for the first orders.
    await Promise.all(Array.from({ length: WARM_CONNECTIONS }, () => client.market.getServerTimeUs()));
    const balances = await client.account.getBalances();
    this.#portfolio = new Portfolio(new Map([...balances].map(([asset, balance]) => [asset, totalOf(balance)])));
  }

  #publish(event: BusEvent): void {
    this.#bus.publish(event, this.#indexOf(event.instrument), this.#options.clock.monotonicNs());
    this.#bus.drain();
  }

  #dispatch(event: BusEvent, queuedNs: number): void {
    switch (event.kind) {
      case "report":
        return this.#running.onReport(event.report);
      case "order":
      case "fill":
        return this.#dispatcher?.own(event, this.#indexOf(event.instrument));
      default:
        return this.#dispatcher?.market(event, this.#indexOf(event.instrument), queuedNs);
    }
  }

  #indexOf(instrument: Instrument): number {
    const index = this.#indexes.get(instrument);
    if (index === undefined) throw new Error(`${instrument.id} is not an instrument of this session`);
    return index;
  }

  #flushJournal(): void {
    try {
      this.#journal?.commit();
    } catch (error) {
      this.#onHalt(error as Error);
    }
  }

  #onHalt(error: Error): void {
    clearInterval(this.#flushTimer);
    this.#fault("journal", error.message);
    this.#execution?.stopNewOrders("the session is halted");
    this.#halt(error);
  }

  #fault(source: string, message: string): void {
    if (this.#faults.add(source, message)) {
      this.#journal?.append("fault", { source, message });
      this.#options.log(source, message);
    }
  }

  #profit(): Map<string, bigint> {
    return this.#portfolio.profit((instrument) => {
      const quote = this.#data.quote(instrument);
      return quote === undefined ? undefined : quote.bidTicks + quote.askTicks;
    });
  }

  async #close(reason: EndReason): Promise<Report> {
    const { clock, client, trading, config } = this.#options;
    // What the market did is measured up to here; winding down is not part of it.
    const durationMs = (clock.monotonicNs() - this.#startedNs) / 1e6;
    const market = this.#describeMarket(durationMs);
    const profit = toDecimals(this.#profit());
    this.#dispatcher?.stop();
    const deadlineNs = clock.monotonicNs() + config.closeTimeoutMs * 1e6;
    await this.#endOrders(deadlineNs);
    if (trading) await this.#compareAccounts(client, deadlineNs);
    await this.#gateway?.close();
    await this.#userStream?.close();
    await this.#data.close();
    clearInterval(this.#flushTimer);
    return this.#report(reason, durationMs, market, profit);
  }

  /** Cancels what is open, again for orders that were still on their way, until the venue has ended them all or time is up. */
  async #endOrders(deadlineNs: number): Promise<void> {
    const { clock } = this.#options;
    const execution = this.#running;
    execution.stopNewOrders("the session is closing");
    for (;;) {
      for (const order of execution.openOrders())
        if (order.state !== "submitted" && order.state !== "unknown") execution.cancel(order);
      execution.flush(Number.NaN);
      if (execution.openOrders().length === 0 || clock.monotonicNs() > deadlineNs) break;
      await clock.sleep(POLL_MS);
    }
    for (const order of execution.openOrders())
      this.#fault("close", `order ${order.clientOrderId} on ${order.intent.instrument.id} is still ${order.state}`);
    for (const order of execution.withMissingFills()) this.#gateway?.ask(order);
  }

  /** The sum of our fills must be what the venue says; news may still be on its way, so differences count only when they last. */
  async #compareAccounts(client: BinanceClient, deadlineNs: number): Promise<void> {
    const { clock } = this.#options;
    try {
      for (;;) {
        const differences = compareBalances(this.#portfolio.balances, await client.account.getBalances());
        if (differences.length === 0) return;
        if (clock.monotonicNs() > deadlineNs) {
          for (const difference of differences) this.#fault("accounts", difference);
          return;
        }
        await clock.sleep(POLL_MS);
      }
    } catch (error) {
      this.#fault("accounts", `the venue's balances could not be read: ${(error as Error).message}`);
    }
  }

  #describeMarket(durationMs: number): Report["market"] {
    const instruments: Record<string, InstrumentReport> = {};
    let gaps = 0;
    let resyncs = 0;
    for (const instrument of this.instruments) {
      const counters = this.#data.counters(instrument);
      const book = this.#data.book(instrument);
      gaps += counters.gaps;
      resyncs += counters.resyncs;
      instruments[instrument.id] = { ...counters, book: book === undefined ? null : describeBook(book, instrument) };
    }
    const { events } = this.#data;
    return { events, eventsPerSecond: Math.round((events / durationMs) * 1e6) / 1000, gaps, resyncs, instruments };
  }

  #report(
    endedBy: EndReason,
    durationMs: number,
    market: Report["market"],
    profit: Readonly<Record<string, string>>,
  ): Report {
    const { run, mode, config, plugins } = this.#options;
    const { counters } = this.#running;
    const { firstEventNs } = this.#data;
    const memory = process.memoryUsage();
    const positions = [...this.#portfolio.positions].map(
      ([instrument, position]) => [instrument.id, formatScaled(position.lots, instrument.sizeDecimals)] as const,
    );
    const journal = this.#endJournal({ endedBy, orders: counters, fills: this.#portfolio.fills });
    return {
      run: {
        id: run.id,
        mode,
        seed: config.seed,
        startedAtUs: this.#startedAtUs,
        durationMs: Math.round(durationMs),
        node: process.version,
        version: VERSION,
        strategies: plugins.map((plugin) => plugin.name),
        endedBy,
        firstEventMs: Number.isNaN(firstEventNs) ? null : Math.round((firstEventNs - this.#startedNs) / 1e3) / 1e3,
      },
      market,
      orders: { ...counters, unknown: this.#running.unknown, open: this.#running.openOrders().length },
      fills: { count: this.#portfolio.fills },
      latency: summarize(this.#latencies),
      portfolio: {
        balances: toDecimals(this.#portfolio.balances),
        realized: toDecimals(this.#portfolio.realized()),
        fees: toDecimals(this.#portfolio.fees),
        profit,
        positions: Object.fromEntries(positions),
      },
      bus: { lanes: this.#bus.counters() },
      memory: { rssMb: Math.round(memory.rss / 1e5) / 10, heapMb: Math.round(memory.heapUsed / 1e5) / 10 },
      journal,
      faults: this.#faults.list(),
    };
  }

  #endJournal(summary: object): Report["journal"] {
    const journal = this.#journal;
    if (journal === undefined) throw new Error("a session that never opened has no report");
    journal.append("run.end", summary);
    try {
      journal.close();
    } catch (error) {
      this.#fault("journal", (error as Error).message);
    }
    return { path: journal.path, events: journal.events, bytes: journal.bytes, headHash: journal.headHash };
  }
}
