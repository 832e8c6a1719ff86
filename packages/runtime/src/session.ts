import { type Instrument, InvalidInputError } from "@pitlane/sdk";
import type { BinanceClient, UserStream } from "@pitlane/sdk/binance";
import { Bus } from "./bus/bus.ts";
import type { BusEvent } from "./bus/events.ts";
import { describeMarket, describePortfolio } from "./describe.ts";
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
import { NO_ORDERS } from "./orders/no-orders.ts";
import { totalOf } from "./orders/reconcile.ts";
import { compareAccounts, endOrders } from "./orders/wind-down.ts";
import { setUpPlugins } from "./plugins/host.ts";
import { type EndReason, FaultLog, type Report } from "./report.ts";
import type { Runtime, RuntimeOptions, Status } from "./runtime-types.ts";
import { VERSION } from "./version.ts";

const JOURNAL_FLUSH_MS = 50;
const POLL_MS = 10;
const WARM_CONNECTIONS = 8;

/** A session's parts and how they are wired; `openRuntime` is the way in. */
export class Session implements Runtime {
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
  readonly #portfolio = new Portfolio();
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
    const { plugins, pluginConfigs, clock, run, config, mode, trading } = this.#options;
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
      venue: trading?.orders ?? NO_ORDERS,
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
    if (trading !== undefined) await this.#openAccount(trading);
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
      faults: this.#faults.size,
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

  get #liveGateway(): OrderGateway {
    if (this.#gateway === undefined) throw new Error("a session that never opened has no gateway");
    return this.#gateway;
  }

  async #openAccount(client: BinanceClient): Promise<void> {
    this.#userStream = client.stream.user({
      instruments: this.instruments,
      onReport: (report) => this.#publish({ kind: "report", instrument: report.instrument, report }),
      onBalances: () => {}, // balances follow from fills; the venue's word on them is compared at the close
      onReconnected: () => {
        for (const order of this.#running.openOrders()) this.#liveGateway.ask(order);
      },
      onError: (error) => this.#fault("user stream", error.message),
    });
    await this.#userStream.ready;
    // Each call in flight has a socket of its own: asked at once, these leave several open for the first orders.
    await Promise.all(Array.from({ length: WARM_CONNECTIONS }, () => client.market.getServerTimeUs()));
    const balances = await client.account.getBalances();
    this.#portfolio.start(new Map([...balances].map(([asset, balance]) => [asset, totalOf(balance)])));
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
    const { clock, trading, config } = this.#options;
    // What the market did is measured up to here; winding down is not part of it.
    const durationMs = (clock.monotonicNs() - this.#startedNs) / 1e6;
    const market = describeMarket(this.#data, this.instruments, durationMs);
    const profit = toDecimals(this.#profit());
    this.#dispatcher?.stop();
    const windDown = {
      execution: this.#running,
      gateway: this.#liveGateway,
      clock,
      deadlineNs: clock.monotonicNs() + config.closeTimeoutMs * 1e6,
      onFault: (source: string, message: string) => this.#fault(source, message),
    };
    await endOrders(windDown);
    if (trading !== undefined) await compareAccounts(this.#portfolio, trading.account, windDown);
    await this.#gateway?.close();
    await this.#userStream?.close();
    await this.#data.close();
    clearInterval(this.#flushTimer);
    const { run, mode, plugins } = this.#options;
    const { counters, unknown } = this.#running;
    const { firstEventNs } = this.#data;
    const journal = this.#endJournal({ endedBy: reason, orders: counters, fills: this.#portfolio.fills });
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
        strategies: plugins.map((plugin) => plugin.name),
        endedBy: reason,
        firstEventMs: Number.isNaN(firstEventNs) ? null : Math.round((firstEventNs - this.#startedNs) / 1e3) / 1e3,
      },
      market,
      orders: { ...counters, unknown, open: this.#running.openOrders().length },
      fills: { count: this.#portfolio.fills },
      latency: summarize(this.#latencies),
      portfolio: { ...describePortfolio(this.#portfolio), profit },
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
