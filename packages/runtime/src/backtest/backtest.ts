import { type Clock, createRandom, InvalidInputError, inRange, type Random } from "@pitlane/perf";
import { LatencyHistogram } from "@pitlane/perf/metrics";
import type { Fill, Instrument } from "@pitlane/sdk";
import { checkConfig } from "../config.ts";
import { Core } from "../core/core.ts";
import type { CoreTimers } from "../core/core-options.ts";
import type { BreachEntry } from "../engines/trading-state.ts";
import { createStageLatencies } from "../latency.ts";
import { compareBalances } from "../orders/reconcile.ts";
import { Agenda, type Appointment } from "./agenda.ts";
import { checkData } from "./check-data.ts";
import { firstUs, lastUs } from "./columns.ts";
import { CURVE_POINTS, type EquityGrid, equityGrid, longestBarUs } from "./equity-grid.ts";
import { LatencyWay } from "./latency.ts";
import type { BacktestOptions } from "./options.ts";
import type { BacktestResult, SimFill, SimHalt, Tier } from "./result.ts";
import { SimAccount } from "./sim-account.ts";
import { SimClock } from "./sim-clock.ts";
import type { SimOrder } from "./sim-order.ts";
import { SimVenue } from "./sim-venue.ts";
import type { Stream } from "./stream.ts";
import { createListing, IGNORES, isAllBars, type Listing } from "./tiers.ts";
import { unheardKinds } from "./unheard.ts";

const MOST_FAULTS = 1000;
const MOST_LOOKS = 20_000;
const FLUSH_US = 100_000; // as long as the low lane waits in a session
const TIERS: readonly Tier[] = ["bars", "trades", "depth"]; // the coarsest first

/**
 * One backtest: the core of a session with a simulated venue and simulated time around it.
 *
 *     columns -> streams -+-> matchers -> venue -> reports -.
 *                         '-> core: hooks, risk, orders <---+-- agenda: what is under way, timers, samples of the equity
 *                                   requests ----------------'
 *
 * Market events go straight to the hooks, without a queue; they and all else happen in order of simulated time. Of one moment, what is
 * due comes before the row, the venue's side of a row before the strategies', and instruments in the order given. The same options give
 * the same result.
 */
export class Backtest {
  readonly #options: BacktestOptions;
  readonly #clock: Clock;
  readonly #agenda: Agenda;
  readonly #accounts: ReadonlyMap<string, SimAccount>;
  readonly #venue: SimVenue;
  readonly #listings: readonly Listing[];
  readonly #random: Random;
  readonly #fromUs: number;
  readonly #toUs: number;
  readonly #fills: SimFill[] = [];
  readonly #faults: string[] = [];
  readonly #quarantined = new Map<string, string>(); // why, by name of the plugin
  readonly #halts: SimHalt[] = [];
  readonly #grid: EquityGrid;
  readonly #barUs: number; // of the longest bars
  readonly #isAllBars: boolean;
  readonly #latencies = {
    feed: new LatencyHistogram(),
    request: new LatencyHistogram(),
    fill: new LatencyHistogram(),
  };
  readonly #timers = new Map<string, Appointment>();
  #core: Core | undefined;
  #unheard: readonly string[] = [];
  #lastNewsUs = 0;
  #isDrainDue = false;

  /** @throws {InvalidInputError} Naming the option, or the row of the data, that cannot be. */
  constructor(options: BacktestOptions, clock: Clock) {
    checkData(options.data);
    const { data, fees, balances, latency = {}, seed = 1, runKey = "sim" } = options;
    if (!/^[a-z0-9]{1,20}$/.test(runKey))
      throw new InvalidInputError(`runKey must be 1 to 20 of a-z and 0-9, got ${JSON.stringify(runKey)}`);
    const points = inRange("curvePoints", options.curvePoints ?? CURVE_POINTS, 16, 100_000);
    this.#options = options;
    this.#clock = clock;
    this.#random = createRandom(seed);
    this.#fromUs = Math.min(...data.map(({ columns }) => firstUs(columns)));
    this.#toUs = Math.max(...data.map(({ columns }) => lastUs(columns)));
    this.#barUs = longestBarUs(data);
    this.#isAllBars = isAllBars(data);
    this.#grid = equityGrid({ spanUs: this.#toUs - this.#fromUs, barUs: this.#barUs, points });
    this.#agenda = new Agenda((atUs) => void this.core.at(atUs));
    const venues = new Set(data.map(({ instrument }) => instrument.venue));
    this.#accounts = new Map([...venues].map((venue) => [venue, new SimAccount(balances, fees)]));
    const news = latency.feedUs === undefined ? undefined : this.#way("feedUs", latency.feedUs, "news");
    this.#venue = new SimVenue({
      accounts: this.#accounts,
      agenda: this.#agenda,
      requests: this.#way("orderUs", latency.orderUs ?? 0, "requests"),
      newsArrivalUs: (instrument, atUs) => news?.arrivalUs(atUs) ?? this.#recordedArrivalUs(instrument, atUs),
      requestLatency: this.#latencies.request,
      onFill: (fill, order) => this.#onFill(fill, order),
      sink: {
        onReport: (report, wantedAtUs) => {
          if (report.fills.length > 0) this.#latencies.fill.record((this.#nowUs - wantedAtUs) * 1000);
          this.core.onReport(report);
        },
        onRefused: (clientOrderId, reason) => this.core.onFailure(clientOrderId, "refused", reason),
        onCancelEnded: (clientOrderId) => this.core.onCancelEnded(clientOrderId),
        onAmendEnded: (clientOrderId) => this.core.onAmendEnded(clientOrderId, ""),
      },
    });
    this.#listings = data.map((one) => createListing(one, this.#venue, options));
    for (const { data: one, matcher } of this.#listings) this.#venue.list(one.instrument, matcher);
  }

  get core(): Core {
    if (this.#core === undefined) throw new Error("the backtest is not open");
    return this.#core;
  }

  /** Sets the plugins up. @throws {PluginBootError | InvalidInputError} When one cannot be. */
  async open(): Promise<void> {
    const { plugins, data, risk, seed = 1, runKey = "sim", log = () => {}, onDecision } = this.#options;
    const core = await Core.create({
      runKey,
      config: { ...checkConfig({}, "the defaults"), risk },
      instruments: data.map(({ instrument }) => instrument),
      plugins: plugins.map((entry) => ({ ...entry, worker: false, plugin: { ...entry.plugin, worker: false } })),
      seed,
      startedAtUs: this.#fromUs,
      journal: {
        append: (kind, body) => {
          if (kind === "risk.breach") this.#onBreach(body as BreachEntry);
          onDecision?.(kind, body, this.#nowUs);
        },
        commit: () => {},
      },
      wire: {
        send: ({ order }) => this.#venue.submit(order, this.#nowUs),
        cancel: ({ intent, clientOrderId }) => this.#venue.cancel(intent.instrument, clientOrderId, this.#nowUs),
        amend: ({ intent, clientOrderId, amendLots }) =>
          this.#venue.amend(intent.instrument, clientOrderId, amendLots, this.#nowUs),
      },
      book: (instrument) => this.#listings.find(({ data: one }) => one.instrument === instrument)?.book(),
      clock: new SimClock(this.#fromUs, () => this.#nowUs, this.#clock),
      latencies: createStageLatencies(),
      defer: () => this.#defer(),
      timers: this.#coreTimers(),
      control: (control) => {
        if (control.kind === "quarantine") this.#quarantined.set(control.plugin, control.reason);
        this.#agenda.add(this.#nowUs, () => this.core.onControl(control), true);
      },
      isMetered: false,
      onPricesNeeded: () => this.#tellPrices(),
      performance: {
        curve: { ...this.#grid, capacity: Math.ceil((this.#toUs - this.#fromUs) / this.#grid.intervalUs) + 16 },
        patienceUs: Math.max(10_000_000, 2 * this.#barUs),
        looksAtFills: !this.#isAllBars,
      },
      log,
      onFault: (source, message) => {
        if (this.#faults.length < MOST_FAULTS) this.#faults.push(`${source}: ${message}`);
      },
      onHalt: (error) => {
        throw error;
      },
    });
    this.#core = core;
    const tierOf = new Map(data.map(({ instrument, columns }) => [instrument, columns.kind]));
    this.#unheard = unheardKinds(core.plugins.registrations.hooks, core.plugins.names, tierOf);
    for (const venue of this.#accounts.keys()) core.portfolio.start(this.#options.balances, venue);
    await core.onPhase("reconcile");
    await core.onPhase("ready");
  }

  /** Plays all rows, ends what is open, and gives the result. Synchronous: nothing outside has a turn. */
  run(): BacktestResult {
    const { data } = this.#options;
    const core = this.core;
    const streams = this.#openStreams();
    const startedNs = this.#clock.monotonicNs();
    this.#markAt(this.#fromUs);
    if (!this.#isAllBars) this.#lookAt(this.#fromUs);
    core.play(() => play(streams));
    this.#agenda.runUntil(this.#toUs);
    core.flushLow();
    core.stop("the data are over");
    this.#agenda.runMessages();
    this.#tellPrices();
    core.performance.mark(Math.min(this.#nowUs, this.#toUs)); // what was still under way makes no period of its own
    const elapsedNs = this.#clock.monotonicNs() - startedNs;
    this.#checkIdentity();
    const { total, strategies, asset } = core.performance.report();
    const { feed, request, fill } = this.#latencies;
    const midOf = (instrument: Instrument) => core.twiceMidTicks(instrument);
    const tiers = TIERS.filter((tier) => data.some(({ columns }) => columns.kind === tier));
    return {
      tier: tiers[0]!,
      ignores: [...new Set(tiers.flatMap((tier) => IGNORES[tier]))],
      fromUs: this.#fromUs,
      toUs: this.#toUs,
      events: data.reduce((sum, { columns }) => sum + columns.length, 0),
      elapsedNs,
      orders: { ...core.execution.counters },
      rejections: core.execution.rejections,
      fills: this.#fills,
      asset,
      curve: core.performance.curve,
      performance: total,
      strategies,
      portfolio: core.portfolio,
      unrealized: core.portfolio.unrealized(midOf),
      unrealizedFifo: core.portfolio.unrealized(midOf, "fifo"),
      profit: core.portfolio.profit(midOf, (units, from, to) => core.valuation.tryConvert(units, from, to)),
      halts: this.#halts,
      latency: { feed: feed.summary(), request: request.summary(), fill: fill.summary() },
      faults: this.#faults,
      quarantined: Object.fromEntries(this.#quarantined),
      unheard: this.#unheard,
    };
  }

  /** Ends the plugins. */
  async close(): Promise<void> {
    await this.#core?.close();
  }

  #openStreams(): readonly Stream[] {
    const { feed } = this.#latencies;
    const streams = this.#listings.map((listing, index) =>
      listing.open({
        core: this.core,
        agenda: this.#agenda,
        index,
        latency: feed,
        random: this.#random.fork(`feed ${listing.data.instrument.id}`),
      }),
    );
    // The venue's sides first: of one moment they come before the strategies'.
    return [...streams.flatMap((of) => of.slice(0, -1)), ...streams.flatMap((of) => of.slice(-1))];
  }

  #way(name: "feedUs" | "orderUs", model: number | readonly number[], label: string): LatencyWay {
    return new LatencyWay(name, model, this.#random.fork(label));
  }

  /** News of an order takes as long as what the venue sends otherwise. */
  #recordedArrivalUs(instrument: Instrument, atUs: number): number {
    const lagUs = this.#listings.find(({ data }) => data.instrument === instrument)?.lagUs() ?? 0;
    this.#lastNewsUs = Math.max(this.#lastNewsUs, atUs + lagUs);
    return this.#lastNewsUs;
  }

  /** Simulated time, as the strategies have it. */
  get #nowUs(): number {
    return this.#core?.nowUs ?? this.#fromUs;
  }

  /** A sample for each point of the curve: of bars after those that end there, which the agenda would else come before. */
  #markAt(atUs: number): void {
    const nextUs = atUs + this.#grid.intervalUs;
    const isAfterBars = this.#isAllBars && atUs > this.#fromUs;
    this.#agenda.add(isAfterBars ? atUs + 1 : atUs, () => {
      this.#tellPrices();
      this.core.performance.mark(atUs);
      this.core.checkAccounts();
      if (nextUs <= this.#toUs) this.#markAt(nextUs);
    });
  }

  /** Between the points, where rows are not looked at one by one: once a second while anything is held, 20,000 times at most. */
  #lookAt(atUs: number): void {
    const stepUs = Math.max(1_000_000, Math.ceil((this.#toUs - this.#fromUs) / MOST_LOOKS));
    this.#agenda.add(atUs, () => {
      if (this.core.portfolio.ledgers.some(({ openPositions }) => openPositions > 0)) {
        this.#tellPrices();
        this.core.performance.mark(atUs);
      }
      if (atUs + stepUs <= this.#toUs) this.#lookAt(atUs + stepUs);
    });
  }

  #onBreach({ code, quote, reason, state }: BreachEntry): void {
    const { core } = this;
    if (state === core.trading.state) return; // passed again, and nothing changes
    const lossUnits = (code === "MAX_DRAWDOWN" ? core.drawdownOf(quote)?.units : core.dayLossOf(quote)) ?? 0n;
    this.#halts.push({ atUs: this.#nowUs, code, state, asset: quote, lossUnits, reason });
  }

  /** Prices of bars and trades are told when something depends on them: at each row they would cost more than the row. */
  #tellPrices(): void {
    const { core } = this;
    for (let index = 0; index < this.#listings.length; index++) {
      const quote = this.#listings[index]!.quote();
      if (quote !== undefined) core.take(quote, index);
    }
  }

  /** The bus has something left: what is ready goes on at once, and the low lane after its time. */
  #defer(): void {
    if (this.#isDrainDue) return;
    this.#isDrainDue = true;
    this.#agenda.add(
      this.#nowUs,
      () => {
        this.#isDrainDue = false;
        this.core.drain();
        if (!this.core.isIdle) this.#agenda.add(this.#nowUs + FLUSH_US, () => this.core.flushLow(), true);
      },
      true,
    );
  }

  #coreTimers(): CoreTimers {
    const timers = this.#timers;
    const clear = (owner: number, id: number) => {
      const key = `${owner} ${id}`;
      const appointment = timers.get(key);
      if (appointment !== undefined) this.#agenda.callOff(appointment);
      timers.delete(key);
    };
    return {
      clear,
      set: (owner, id, dueAtUs) => {
        clear(owner, id);
        const run = () => {
          timers.delete(`${owner} ${id}`);
          this.core.onTimer(owner, id);
        };
        timers.set(`${owner} ${id}`, this.#agenda.add(dueAtUs, run));
      },
    };
  }

  #onFill(fill: Fill, { strategy, wantedAtUs }: SimOrder): void {
    const { instrument, clientOrderId, side, priceTicks, sizeLots, fee, feeAsset, isMaker, atUs } = fill;
    this.#fills.push({
      clientOrderId,
      strategy,
      instrument: instrument.id,
      side,
      priceTicks,
      sizeLots,
      fee,
      feeAsset,
      isMaker,
      atUs,
      wantedAtUs,
    });
  }

  /** What the portfolio made of the reports must be what the venue's account holds. */
  #checkIdentity(): void {
    const { portfolio } = this.core;
    const differences = [...portfolio.check()];
    for (const [venue, account] of this.#accounts) {
      const held = new Map([...account.totals()].map(([asset, free]) => [asset, { free, locked: 0n }]));
      differences.push(...compareBalances(portfolio.venues.get(venue) ?? new Map(), held));
    }
    if (differences.length > 0) throw new Error(`the accounts of the backtest do not agree: ${differences.join("; ")}`);
  }
}

/** Plays streams in order of time; of one moment in the order given. */
function play(streams: readonly Stream[]): void {
  for (;;) {
    let next: Stream | undefined;
    let nextUs = Number.POSITIVE_INFINITY;
    let afterUs = Number.POSITIVE_INFINITY;
    for (const stream of streams) {
      const { nextUs: atUs } = stream;
      if (atUs < nextUs) {
        afterUs = nextUs;
        nextUs = atUs;
        next = stream;
      } else if (atUs < afterUs) afterUs = atUs;
    }
    if (next === undefined) return;
    next.run(afterUs);
  }
}
