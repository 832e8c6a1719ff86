import { type AcceptedOrder, createPaper, type InstrumentSpec, type MarketModelName, type Paper } from "@pitlane/paper";
import { ManualClock } from "@pitlane/perf/testing";
import type { Instrument, OrderReport, UserStream } from "@pitlane/sdk";
import { type BinanceClient, createBinance } from "@pitlane/sdk/binance";
import { type ConfigInput, checkConfig } from "../config.ts";
import { Core } from "../core/core.ts";
import { DataEngine } from "../engines/data.ts";
import { bodyText } from "../journal/body-text.ts";
import { createStageLatencies } from "../latency.ts";
import { OrderGateway } from "../orders/gateway.ts";
import type { OrderView } from "../orders/order.ts";
import type { Plugin } from "../plugins/define.ts";
import type { PluginControl, PluginEntry, PluginHost } from "../plugins/host.ts";
import type { OrderVenue } from "../venue.ts";
import { Sequence, settle, turn } from "./settle.ts";
import { TimerQueue } from "./timer-queue.ts";

/** The paper exchange of a test. */
export interface PaperMarket {
  readonly model?: MarketModelName;
  /** What is listed; the exchange's own instruments when left out. */
  readonly instruments?: readonly InstrumentSpec[];
  /** What the account has, decimal text by asset; the exchange's own amounts when left out. */
  readonly balances?: Readonly<Record<string, string>>;
  /** Limits of risk, as a session's config has them. */
  readonly risk?: ConfigInput["risk"];
}

export interface PaperHostOptions {
  readonly plugin: Plugin;
  readonly config?: unknown;
  /** Of the market, the exchange and the plugins; default 1. */
  readonly seed?: number;
  readonly market: PaperMarket;
  /** Plugins that it needs, or that risk is to have. */
  readonly with?: readonly PluginEntry[];
}

/** One decision, as a session's journal would have it. */
export interface Decision {
  readonly kind: string;
  /** JSON. */
  readonly body: string;
}

/**
 * Runs plugins against the paper exchange in this process, on a clock that moves only by `run`: real decoding, books, risk and orders, over
 * the loopback, and the same decisions for the same seed.
 *
 * @example
 * const host = await createTestHost({ plugin: myStrategy, seed: 7, market: { model: "mean-reversion" } });
 * await host.run({ seconds: 60 });
 * expect(host.accepted().length).toBeGreaterThan(0);
 * await host.close();
 */
export interface PaperTestHost {
  readonly instruments: readonly Instrument[];
  /** Intents with their verdicts, and cancels, in order. */
  readonly decisions: readonly Decision[];
  readonly logged: readonly string[];
  /** What went wrong, for people. */
  readonly faults: readonly string[];
  readonly plugins: PluginHost;
  /** Time of the session, microseconds since the epoch. */
  readonly nowUs: number;
  /** Orders that may still trade. */
  openOrders(): readonly OrderView[];
  positionLots(instrument: Instrument): number;
  /** Every order that the exchange ever accepted from the account. */
  accepted(): readonly AcceptedOrder[];
  /** Moves time on, market and plugins with it. */
  run(time: { readonly ms?: number; readonly seconds?: number }): Promise<void>;
  close(): Promise<void>;
}

const STEP_MS = 5; // the pace of the exchange's market
const START_MS = 1_000; // the session begins at this time, however many turns its connections took
const RECV_WINDOW_MS = 60_000;

/** @throws {InvalidInputError} When a config or a setup fails. @throws {NotSettledError} When the sockets do not come to rest. */
export async function createPaperHost(options: PaperHostOptions): Promise<PaperTestHost> {
  const { seed = 1, market } = options;
  const clock = new ManualClock();
  const { model, instruments, balances } = market;
  const paper = await createPaper({
    seed,
    clock,
    ...(model === undefined ? {} : { model }),
    ...(instruments === undefined ? {} : { instruments }),
    ...(balances === undefined ? {} : { balances }),
  });
  const client = createBinance({
    venue: "paper",
    urls: paper.urls,
    credentials: paper,
    recvWindowMs: RECV_WINDOW_MS,
    clock,
    clockSync: false,
  });
  const host = new PaperHost(options, clock, paper, client);
  try {
    await host.open();
  } catch (error) {
    await host.close();
    throw error;
  }
  return host;
}

class PaperHost implements PaperTestHost {
  instruments: readonly Instrument[] = [];
  readonly decisions: Decision[] = [];
  readonly logged: string[] = [];
  readonly faults: string[] = [];
  readonly #options: PaperHostOptions;
  readonly #clock: ManualClock;
  readonly #paper: Paper;
  readonly #client: BinanceClient;
  readonly #calls = new Sequence();
  readonly #timers = new TimerQueue();
  readonly #answers: (() => void)[] = []; // of calls, and that they have ended, in their order
  readonly #news: OrderReport[] = []; // of the user stream
  readonly #controls: PluginControl[] = [];
  readonly #startUs: number;
  #isOpen = false;
  #came = 0;
  #hasRest = false;
  #core: Core | undefined;
  #data: DataEngine | undefined;
  #gateway: OrderGateway | undefined;
  #user: UserStream | undefined;

  constructor(options: PaperHostOptions, clock: ManualClock, paper: Paper, client: BinanceClient) {
    this.#options = options;
    this.#clock = clock;
    this.#paper = paper;
    this.#client = client;
    this.#startUs = clock.nowUs();
  }

  async open(): Promise<void> {
    const { plugin, config, seed = 1, with: others = [], market } = this.#options;
    const latencies = createStageLatencies();
    const clock = this.#clock;
    const instruments = await this.#reach(this.#client.market.listInstruments());
    this.instruments = instruments;
    const data = new DataEngine({
      stream: this.#client.stream,
      instruments,
      clock,
      latencies,
      onEvent: (event, change, nowNs) => {
        this.#came++;
        // What came while connections were made depends on how long that took: the session begins after it.
        if (this.#isOpen) this.#running.onMarket(event, nowNs, change);
      },
      onFrameEnd: () => {
        if (this.#isOpen) this.#drain();
      },
      onFault: (message) => this.faults.push(message),
    });
    this.#data = data;
    const gateway = new OrderGateway({
      venue: this.#venue(),
      clock,
      latencies,
      recvWindowMs: RECV_WINDOW_MS,
      onReport: (report) => void this.#answers.push(() => this.#running.onReport(report)),
      onFailure: ({ clientOrderId }, outcome, reason) => {
        this.#running.onFailure(clientOrderId, outcome, reason);
        this.#drain();
      },
      // After what the call has brought: an order whose cancel had ended first would seem to be open still.
      onCancelEnd: ({ clientOrderId }, refusal) =>
        void this.#answers.push(() => this.#running.onCancelEnded(clientOrderId, refusal)),
      onAmendEnd: ({ clientOrderId }, refusal) =>
        void this.#answers.push(() => this.#running.onAmendEnded(clientOrderId, refusal)),
      onOverdue: ({ clientOrderId }) => this.#running.onOverdue(clientOrderId),
      onFault: (message) => this.faults.push(message),
    });
    this.#gateway = gateway;
    this.#core = await this.#reach(
      Core.create({
        runKey: "test",
        config: checkConfig(market.risk === undefined ? {} : { risk: market.risk }, "the test's options"),
        instruments,
        // In this thread: a test's clock, and its breakpoints, do not reach into another one.
        plugins: [...others, { plugin, ...(config !== undefined && { config }) }].map((entry) => ({
          ...entry,
          worker: false,
        })),
        seed,
        startedAtUs: this.#startUs + START_MS * 1000,
        journal: {
          append: (kind, body) => void this.decisions.push({ kind, body: bodyText(body) }),
          commit: () => {}, // nothing outlives a test
        },
        wire: gateway,
        book: (instrument) => data.book(instrument),
        clock,
        latencies,
        defer: () => {
          this.#hasRest = true;
        },
        timers: {
          set: (owner, id, dueAtUs) => this.#timers.set(owner, id, dueAtUs),
          clear: (owner, id) => this.#timers.clear(owner, id),
        },
        control: (control) => void this.#controls.push(control),
        log: (_source, message) => void this.logged.push(message),
        onFault: (source, message) => void this.faults.push(`${source}: ${message}`),
        onHalt: (error) => void this.faults.push(error.message),
      }),
    );
    await this.#openStreams(data);
    const leftMs = START_MS - (clock.nowUs() - this.#startUs) / 1000;
    if (leftMs < 0) throw new Error(`the test's connections took more than ${START_MS} ms of its time`);
    await this.#advance(leftMs);
    this.#isOpen = true;
  }

  get plugins(): PluginHost {
    return this.#running.plugins;
  }

  get nowUs(): number {
    return this.#clock.nowUs();
  }

  openOrders(): readonly OrderView[] {
    return this.#running.execution.openOrders();
  }

  positionLots(instrument: Instrument): number {
    return this.#running.portfolio.position(instrument).lots;
  }

  accepted(): readonly AcceptedOrder[] {
    return this.#paper.acceptedOrders();
  }

  async run({ ms = 0, seconds = 0 }: { readonly ms?: number; readonly seconds?: number }): Promise<void> {
    await this.#advance(ms + seconds * 1000);
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#core?.close();
    await this.#gateway?.close();
    await this.#user?.close();
    await this.#data?.close();
    await this.#client.close();
    await this.#paper.close();
  }

  get #running(): Core {
    if (this.#core === undefined) throw new Error("the test host is not open");
    return this.#core;
  }

  async #openStreams(data: DataEngine): Promise<void> {
    this.#user = this.#client.stream.user({
      instruments: this.instruments,
      onReport: (report) => {
        this.#came++;
        this.#news.push(report);
      },
      onBalances: () => {}, // balances follow from fills
      onReconnected: () => this.faults.push("the user stream was lost"),
      onError: (error) => this.faults.push(error.message),
    });
    await this.#reach(this.#user.ready);
    await this.#reach(data.open());
    const balances = await this.#reach(this.#client.account.getBalances());
    const totals = Array.from(balances, ([asset, { free, locked }]) => [asset, free + locked] as const);
    this.#running.portfolio.start(new Map(totals));
  }

  /** Moves time on in the exchange's own steps; after each, everything that follows from it has happened before the next. */
  async #advance(totalMs: number): Promise<void> {
    for (let leftMs = totalMs; leftMs > 0; leftMs -= STEP_MS) {
      this.#clock.advance({ ms: Math.min(STEP_MS, leftMs) });
      await settle(
        () => this.#came,
        () => this.#calls.size > 0,
      );
      if (!this.#isOpen) continue;
      this.#running.at(this.#clock.nowUs());
      this.#fireTimers();
      await this.#tellReports();
    }
  }

  /** What the exchange said of orders, answers first: two sockets bring it, and which is sooner is chance. */
  async #tellReports(): Promise<void> {
    for (;;) {
      await settle(
        () => this.#came,
        () => this.#calls.size > 0,
      );
      const news = this.#news.splice(0).map((report) => () => this.#running.onReport(report));
      const told = [...this.#answers.splice(0), ...news];
      if (told.length === 0) return;
      for (const tell of told) {
        tell();
        this.#drain();
      }
    }
  }

  #fireTimers(): void {
    const untilUs = this.#clock.nowUs();
    for (let due = this.#timers.takeDue(untilUs); due !== undefined; due = this.#timers.takeDue(untilUs)) {
      this.#running.onTimer(due.owner, due.id);
      this.#drain();
    }
  }

  #drain(): void {
    const core = this.#running;
    core.at(this.#clock.nowUs());
    do {
      this.#hasRest = false;
      core.drain();
      for (let control = this.#controls.shift(); control !== undefined; control = this.#controls.shift())
        core.onControl(control);
    } while (this.#hasRest);
  }

  /** Calls go out one by one, so that the exchange gets them in the order they were wanted. */
  #venue(): OrderVenue {
    const { orders } = this.#client;
    const calls = this.#calls;
    return {
      submit: (request, options) => calls.run(() => orders.submit(request, options)),
      cancel: (ref, options) => calls.run(() => orders.cancel(ref, options)),
      amend: (request, options) => calls.run(() => orders.amend(request, options)),
      get: (ref, options) => calls.run(() => orders.get(ref, options)),
      listFills: (instrument, options) => calls.run(() => orders.listFills(instrument, options)),
    };
  }

  /** Waits for a connection's work, moving time on while it sleeps. */
  async #reach<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined); // thrown below
    for (let turns = 1; !isDone; turns++) {
      await turn();
      if (turns % 200 === 0 && this.#clock.sleeping > 0) this.#clock.advance({ ms: 1 });
    }
    return done;
  }
}
