import { type Clock, createRandom, createSystemClock, InvalidInputError, type Random } from "@pitlane/perf";
import type { Account } from "./engine/accounts.ts";
import { Exchange } from "./engine/exchange.ts";
import type { AcceptedOrder } from "./engine/ledger.ts";
import type { Market } from "./engine/market.ts";
import type { InstrumentSpec } from "./instruments.ts";
import { driveModels } from "./models/driver.ts";
import { RandomWalk } from "./models/random-walk.ts";
import { RecordedSnapshots } from "./models/recorded-snapshots.ts";
import { Replay, type ReplaySummary } from "./models/replay.ts";
import { checkOptions, type PaperOptions, type PaperSetup } from "./options.ts";
import { accountEndpoints } from "./wire/binance/account-endpoints.ts";
import type { Endpoint, Venue } from "./wire/binance/endpoint.ts";
import { refuse } from "./wire/binance/errors.ts";
import type { Product } from "./wire/binance/exchange-info.ts";
import { HttpApi } from "./wire/binance/http-api.ts";
import { OrderLimit, WeightLimit } from "./wire/binance/limits.ts";
import { basicEndpoints, liveDepth, marketEndpoints } from "./wire/binance/market-endpoints.ts";
import { RawJson } from "./wire/binance/market-json.ts";
import { orderEndpoints } from "./wire/binance/order-endpoints.ts";
import { Publisher } from "./wire/binance/publisher.ts";
import { BinanceServer } from "./wire/binance/server.ts";
import { Authenticator } from "./wire/binance/signing.ts";
import { SocketApi } from "./wire/binance/socket-api.ts";
import { StreamHub } from "./wire/binance/stream-hub.ts";
import { UserStreams } from "./wire/binance/user-streams.ts";

/** The demo account's key. It opens nothing but paper exchanges: it is printed here, and is the same in all of them. */
export const DEMO_API_KEY = "paperDemoKeyWithoutAnyValuePaperDemoKeyWithoutAnyValuePaperDemo1";

/** The secret of `DEMO_API_KEY`; as worthless. */
export const DEMO_API_SECRET = "paperDemoSecretWithoutAnyValuePaperDemoSecretWithoutAnyValueDem1";

/** A running paper exchange. */
export interface Paper {
  readonly port: number;
  readonly urls: {
    /** `http://127.0.0.1:PORT` */
    readonly rest: string;
    /** `ws://127.0.0.1:PORT` */
    readonly stream: string;
    /** `ws://127.0.0.1:PORT/ws-api/v3` */
    readonly wsApi: string;
  };
  /** Key of the demo account; 64 letters and digits, the same for every paper exchange, worthless. */
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly instruments: readonly InstrumentSpec[];
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
const ROOTS: Readonly<Record<Product, string>> = { spot: "/api/v3", usdm: "/fapi/v1", coinm: "/dapi/v1" };

/**
 * Starts an exchange in a box: a matching engine that speaks Binance spot's wire protocol on one port, with a seeded market model or
 * a recording behind it.
 *
 * @throws {InvalidInputError} When an option breaks its rule.
 * @throws {PortInUseError} When the port is taken.
 * @example
 * const paper = await createPaper({ seed: 7 });
 * console.log(paper.urls.rest, paper.apiKey, paper.apiSecret);
 * await paper.close();
 */
export async function createPaper(options: PaperOptions = {}): Promise<Paper> {
  const setup = checkOptions(options);
  const clock = options.clock ?? createSystemClock();
  const random = options.random ?? createRandom(options.seed ?? 1);
  const paper = new RunningPaper(options, setup, clock, random);
  await paper.start(options.market ?? true);
  return paper;
}

class RunningPaper implements Paper {
  readonly apiKey = DEMO_API_KEY;
  readonly apiSecret = DEMO_API_SECRET;
  readonly instruments: readonly InstrumentSpec[];
  readonly #options: PaperOptions;
  readonly #setup: PaperSetup;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onError: (error: Error) => void;
  readonly #hub = new StreamHub();
  readonly #snapshots = new RecordedSnapshots();
  readonly #exchange: Exchange;
  readonly #publisher: Publisher;
  readonly #server: BinanceServer;
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[] = [];
  readonly #replay: Replay | undefined;
  #replaying: Promise<ReplaySummary> | undefined;
  #closed: Promise<void> | undefined;
  #port = 0;

  constructor(options: PaperOptions, setup: PaperSetup, clock: Clock, random: Random) {
    this.#options = options;
    this.#setup = setup;
    this.#clock = clock;
    this.#random = random;
    this.#onError = options.onError ?? throwUncaught;
    this.instruments = setup.instruments.map(({ spec }) => spec);

    const orderLimit = new OrderLimit(setup.limits);
    const userStreams = new UserStreams();
    this.#publisher = new Publisher(this.#hub, userStreams, orderLimit);
    this.#exchange = new Exchange({ instruments: setup.instruments, listener: this.#publisher });
    if (options.recording === undefined) for (const market of this.#exchange.markets) this.#publisher.addFeed(market);
    this.#replay = this.#replayOf(options);
    const venue: Venue = {
      exchange: this.#exchange,
      limits: setup.limits,
      orderLimit,
      weightLimit: new WeightLimit(setup.limits.requestWeightPerMinute),
      authenticator: new Authenticator([
        {
          apiKey: DEMO_API_KEY,
          secret: DEMO_API_SECRET,
          publicKey: options.publicKey,
          account: this.#openDemoAccount(),
        },
      ]),
      newClientId: clientIds(random.fork("client ids")),
    };
    const product = options.recording?.product ?? "spot";
    const endpoints = this.#endpoints(venue, product);
    const onError = this.#onError;
    this.#server = new BinanceServer({
      http: new HttpApi({ venue, endpoints, root: ROOTS[product], clock, onError }),
      api: new SocketApi({ venue, endpoints, userStreams, clock, onError }),
      hub: this.#hub,
      clock,
      onError,
    });
  }

  get port(): number {
    return this.#port;
  }

  get urls(): Paper["urls"] {
    const { host } = this.#setup;
    const place = `${host.includes(":") ? `[${host}]` : host}:${this.#port}`;
    return { rest: `http://${place}`, stream: `ws://${place}`, wsApi: `ws://${place}/ws-api/v3` };
  }

  /** Listens and starts what moves by itself. */
  async start(hasModel: boolean): Promise<void> {
    this.#port = await this.#server.listen(this.#setup.port, this.#setup.host);
    this.#run(this.#tick());
    if (!hasModel || this.#options.recording !== undefined) return;
    const nowUs = this.#clock.nowUs();
    const models = this.#exchange.markets
      .filter(({ instrument }) => instrument.trading)
      .map((market) => new RandomWalk(market, this.#random.fork(market.instrument.symbol), nowUs));
    this.#run(driveModels(models, this.#clock, this.#stop.signal));
  }

  acceptedOrders(): readonly AcceptedOrder[] {
    return this.#exchange.acceptedOrders();
  }

  async replay(signal?: AbortSignal): Promise<ReplaySummary> {
    if (this.#replay === undefined) {
      throw new InvalidInputError("there is nothing to replay: create the paper exchange with a recording");
    }
    if (this.#replaying !== undefined) {
      throw new InvalidInputError("a replay is running: wait for it before starting another");
    }
    const either = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
    either.throwIfAborted();
    this.#replaying = this.#replay.run(either);
    try {
      return await this.#replaying;
    } finally {
      this.#replaying = undefined;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    this.#snapshots.end();
    await this.#server.close();
    await Promise.all(this.#loops);
    await Promise.allSettled([this.#replaying]); // its caller gets the reason
  }

  async #tick(): Promise<void> {
    for (let ticks = 1; ; ticks++) {
      await this.#clock.sleep(TICK_MS, this.#stop.signal);
      this.#publisher.tick(this.#clock.nowUs());
      if (ticks % PING_EVERY === 0) this.#server.keepAlive();
    }
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

  #endpoints(venue: Venue, product: Product): Endpoint[] {
    if (this.#options.recording === undefined) {
      return [
        ...basicEndpoints(venue, product, liveDepth),
        ...marketEndpoints(venue),
        ...orderEndpoints(venue),
        ...accountEndpoints(venue),
      ];
    }
    const basic = basicEndpoints(venue, product, (market) => this.#recordedDepth(market));
    return product === "spot"
      ? [...basic, ...marketEndpoints(venue), ...orderEndpoints(venue), ...accountEndpoints(venue)]
      : basic;
  }

  #replayOf({ recording }: PaperOptions): Replay | undefined {
    if (recording === undefined) return undefined;
    return new Replay({
      recording,
      hub: this.#hub,
      snapshots: this.#snapshots,
      exchange: this.#exchange,
      clock: this.#clock,
      speed: this.#setup.replaySpeed,
    });
  }

  async #recordedDepth({ instrument }: Market): Promise<RawJson> {
    const text = await this.#snapshots.take(instrument.symbol);
    if (text === undefined) throw refuse.recordingEnded(instrument.symbol);
    return new RawJson(text);
  }

  #openDemoAccount(): Account {
    const { makerRate, takerRate, balances } = this.#setup;
    const account = this.#exchange.accounts.open({ makerRate, takerRate });
    for (const [asset, units] of balances) account.balance(asset).free = units;
    for (const { base, quote } of this.#setup.instruments) {
      account.balance(base); // listed with zero where nothing was given
      account.balance(quote);
    }
    account.updatedUs = this.#clock.nowUs();
    return account;
  }
}

const ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// 22 letters and digits, as the venue generates them.
function clientIds(random: Random): () => string {
  return () => {
    let id = "";
    for (let i = 0; i < 22; i++) id += ID_LETTERS[random.integer(0, ID_LETTERS.length - 1)];
    return id;
  };
}

function throwUncaught(error: Error): void {
  queueMicrotask(() => {
    throw error;
  });
}
