import { type Clock, createRandom, createSystemClock, type Random } from "@pitlane/perf";
import { Admin } from "./admin.ts";
import { type AxiomSide, createAxiomSide, type PaperAxiom, toPaperAxiom } from "./axiom.ts";
import { checkSignal } from "./checks.ts";
import type { AcceptedOrder } from "./engine/ledger.ts";
import { chaosFaults } from "./faults/chaos.ts";
import { MarketSite, type ModelledMarket } from "./faults/market-site.ts";
import { FaultRegistry, type Faults } from "./faults/registry.ts";
import { placeOf } from "./host.ts";
import type { InstrumentSpec } from "./instruments.ts";
import { weatherOf } from "./models/climate.ts";
import { driveModels, type SteppedModel } from "./models/driver.ts";
import { MovedWeather } from "./models/moved-weather.ts";
import { RandomWalk } from "./models/random-walk.ts";
import type { ReplaySummary } from "./models/replay.ts";
import { checkOptions, type PaperOptions, type PaperSetup } from "./options.ts";
import { createPort, type Port, type PortParts } from "./port.ts";
import { Timeline } from "./timeline.ts";
import { answerAxiomAdmin } from "./wire/axiom/index.ts";
import { BinanceVenue } from "./wire/binance/binance-venue.ts";

/** Where one region of a paper exchange is. */
export interface PaperRegion {
  readonly name: string;
  readonly port: number;
  readonly urls: {
    /** `http://127.0.0.1:PORT` */
    readonly rest: string;
    /** `ws://127.0.0.1:PORT` */
    readonly stream: string;
    /** `ws://127.0.0.1:PORT/ws-api/v3` */
    readonly wsApi: string;
  };
}

/** Who may trade on it, and with what. The keys open nothing but paper exchanges. */
export interface PaperAccount {
  readonly name: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** A running paper exchange. */
export interface Paper {
  /** Port of the first region. */
  readonly port: number;
  /** Of the first region. */
  readonly urls: PaperRegion["urls"];
  /** All regions, as they were given; one unless told otherwise. */
  readonly regions: readonly PaperRegion[];
  /** Key of the first account; 64 letters and digits, worthless. */
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly accounts: readonly PaperAccount[];
  readonly instruments: readonly InstrumentSpec[];
  /** Its faults: to add, to see, to end. Nothing is wrong until some are added. */
  readonly faults: Faults;
  /** The Axiom venue; undefined unless it was asked for. */
  readonly axiom: PaperAxiom | undefined;
  /**
   * The public ledger: every order ever accepted from an account, in order, none forgotten. The judge of "sent twice". The
   * market model's quotes are not in it.
   */
  acceptedOrders(): readonly AcceptedOrder[];
  /**
   * Plays the recording, from its start, to whoever is subscribed.
   *
   * @returns When every frame was written to every subscribed socket and each answered a ping sent after it.
   * @throws {InvalidInputError} When there is no recording, or a replay is running.
   * @throws The signal's reason when `signal` aborts, or the exchange closes.
   */
  replay(signal?: AbortSignal): Promise<ReplaySummary>;
  /** Ends the market model, all connections and the server. May be called again. */
  close(): Promise<void>;
}

const TICK_MS = 100;
const PING_EVERY = 200; // ticks: 20 seconds

/**
 * Starts an exchange in a box: a matching engine that speaks Binance spot's wire protocol over HTTP and WebSocket, with a seeded
 * market model or a recording behind it: on one port, or on one for each region, with the faults it is told of.
 *
 * @throws {InvalidInputError} When an option breaks its rule; nothing was started then.
 * @throws {PortInUseError} When a port is taken; nothing is left running then.
 * @throws {CannotListenError} When `host` is unknown, is no address of this machine, or its port is not for this process; as above.
 * @example
 * const paper = await createPaper({ seed: 7 });
 * console.log(paper.urls.rest, paper.apiKey, paper.apiSecret);
 * await paper.close();
 */
export async function createPaper(options: PaperOptions = {}): Promise<Paper> {
  const setup = checkOptions(options);
  const clock = options.clock ?? createSystemClock();
  const paper = new RunningPaper(options, setup, clock, options.random ?? createRandom(setup.seed));
  try {
    await paper.start();
  } catch (error) {
    await paper.close();
    throw error;
  }
  return paper;
}

class RunningPaper implements Paper {
  readonly instruments: readonly InstrumentSpec[];
  readonly accounts: readonly PaperAccount[];
  readonly faults: FaultRegistry;
  readonly #setup: PaperSetup;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onError: (error: Error) => void;
  readonly #timeline: Timeline;
  readonly #venue: BinanceVenue;
  readonly #axiom: AxiomSide | undefined;
  readonly #binancePorts: readonly Port[]; // one a region
  readonly #ports: readonly Port[]; // these and Axiom's
  readonly #modelled: readonly ModelledMarket[]; // markets that the model makes
  readonly #models: SteppedModel[] = [];
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[] = [];
  #closed: Promise<void> | undefined;

  constructor(options: PaperOptions, setup: PaperSetup, clock: Clock, random: Random) {
    const { instruments, accounts, limits, kept, replaySpeed, regions, connectionLifeMs } = setup;
    this.#setup = setup;
    this.#clock = clock;
    this.#random = random;
    const onError = options.onError ?? throwUncaught;
    this.#onError = onError;
    this.instruments = instruments.map(({ spec }) => spec);
    this.accounts = accounts.map(({ name, apiKey, apiSecret }) => ({ name, apiKey, apiSecret }));
    const { recording } = options;
    const ofVenue = { instruments, accounts, limits, kept, recording, replaySpeed, clock, random, onError };
    const venue = new BinanceVenue(ofVenue);
    this.#venue = venue;
    const timeline = new Timeline(clock, onError);
    this.#timeline = timeline;
    const parts: PortParts = {
      admin: (request) => admin.answer(request),
      connectionLifeMs,
      clock,
      timeline,
      random: random.fork("faults"),
      onError,
    };
    this.#binancePorts = regions.map((region) =>
      createPort({ ...parts, venue: "binance", region, protocol: (place) => venue.protocol(place) }),
    );
    const axiom = createAxiomSide(options.axiom ?? false, regions, random.fork("axiom"), parts);
    this.#axiom = axiom;
    this.#ports = [...this.#binancePorts, ...(axiom?.ports ?? [])];
    const hasModel = (options.market ?? true) && recording === undefined;
    this.#modelled = hasModel ? this.#modelledMarkets() : [];
    const sites = this.#ports.map(({ site }) => site);
    const market = new MarketSite(this.#modelled, this.#models, clock);
    this.faults = new FaultRegistry(sites, market, timeline, parts.random);
    for (const fault of setup.faults) this.faults.checkPlace(fault);
    const admin = new Admin({
      faults: this.faults,
      accounts,
      regions,
      accepted: venue.exchange.accepted,
      accountName: (index) => venue.accountName(index),
      axiom: axiom && ((request) => answerAxiomAdmin(axiom.venue, request)),
      nowUs: () => clock.nowUs(),
    });
  }

  get axiom(): PaperAxiom | undefined {
    return this.#axiom && toPaperAxiom(this.#axiom, this.#setup.host);
  }

  get port(): number {
    return this.regions[0]!.port;
  }

  get urls(): PaperRegion["urls"] {
    return this.regions[0]!.urls;
  }

  get apiKey(): string {
    return this.accounts[0]!.apiKey;
  }

  get apiSecret(): string {
    return this.accounts[0]!.apiSecret;
  }

  get regions(): readonly PaperRegion[] {
    return this.#binancePorts.map(({ server: { port }, site: { region } }) => {
      const place = placeOf(this.#setup.host, port);
      const urls = { rest: `http://${place}`, stream: `ws://${place}`, wsApi: `ws://${place}/ws-api/v3` };
      return { name: region, port, urls };
    });
  }

  /** Listens, starts what moves by itself, and lets the first faults strike. */
  async start(): Promise<void> {
    const { host, regions, faults, plans, seed } = this.#setup;
    for (const { server, wanted } of this.#ports) await server.listen(wanted, host);
    this.#run(this.#tick());
    if (this.#modelled.length > 0) this.#startModels();
    for (const fault of faults) this.faults.add(fault);
    const names = regions.map(({ name }) => name);
    this.faults.follow(plans.flatMap((plan) => chaosFaults(plan, names, seed)));
  }

  acceptedOrders(): readonly AcceptedOrder[] {
    return this.#venue.exchange.acceptedOrders();
  }

  async replay(signal?: AbortSignal): Promise<ReplaySummary> {
    checkSignal(signal);
    return this.#venue.replay(signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    this.#timeline.close();
    this.#venue.end();
    await Promise.all(this.#ports.map(({ server }) => server.close()));
    await Promise.all(this.#loops);
    await this.#venue.ended();
  }

  async #tick(): Promise<void> {
    for (let ticks = 1; ; ticks++) {
      await this.#clock.sleep(TICK_MS, this.#stop.signal);
      const nowUs = this.#clock.nowUs();
      this.#venue.tick(nowUs);
      this.#axiom?.venue.tick(nowUs);
      for (const { server } of this.#ports) {
        server.recycle();
        if (ticks % PING_EVERY === 0) server.keepAlive();
      }
    }
  }

  #modelledMarkets(): readonly ModelledMarket[] {
    const markets = this.#venue.exchange.markets.filter(({ instrument }) => instrument.trading);
    const instruments = markets.map(({ instrument }) => instrument);
    const weather = weatherOf(this.#setup.model, instruments, this.#random.fork("weather"));
    return markets.map((market, i) => ({ market, weather: new MovedWeather(weather[i]!) }));
  }

  #startModels(): void {
    const nowUs = this.#clock.nowUs();
    for (const { market, weather } of this.#modelled) {
      const random = this.#random.fork(market.instrument.symbol);
      this.#models.push(new RandomWalk(market, random, nowUs, weather));
    }
    this.#run(driveModels(this.#models, this.#clock, this.#stop.signal));
  }

  // A loop ends when the exchange closes, or by a failure that its owner must hear of.
  #run(loop: Promise<void>): void {
    const { signal } = this.#stop;
    this.#loops.push(
      loop.catch((error: unknown) => {
        if (!signal.aborted) this.#onError(error instanceof Error ? error : new Error(String(error)));
      }),
    );
  }
}

function throwUncaught(error: Error): void {
  queueMicrotask(() => {
    throw error;
  });
}
