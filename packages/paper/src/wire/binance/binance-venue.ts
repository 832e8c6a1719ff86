import { type Clock, InvalidInputError, type Random } from "@pitlane/perf";
import type { CheckedAccount } from "../../accounts.ts";
import type { Account } from "../../engine/accounts.ts";
import { Exchange } from "../../engine/exchange.ts";
import type { Kept, Market } from "../../engine/market.ts";
import type { Instrument } from "../../instruments.ts";
import { RecordedSnapshots } from "../../models/recorded-snapshots.ts";
import { Replay, type ReplaySummary } from "../../models/replay.ts";
import type { Recording } from "../../recording/index.ts";
import type { Place } from "../protocol.ts";
import { accountEndpoints } from "./account-endpoints.ts";
import { BinanceProtocol } from "./binance-protocol.ts";
import type { Endpoint, Venue } from "./endpoint.ts";
import { refuse } from "./errors.ts";
import type { Product } from "./exchange-info.ts";
import { HttpApi } from "./http-api.ts";
import { type Limits, OrderLimit, WeightLimit } from "./limits.ts";
import { basicEndpoints, liveDepth, marketEndpoints } from "./market-endpoints.ts";
import { RawJson } from "./market-json.ts";
import { orderEndpoints } from "./order-endpoints.ts";
import { Publisher } from "./publisher.ts";
import { Authenticator } from "./signing.ts";
import { SocketApi } from "./socket-api.ts";
import { StreamHub } from "./stream-hub.ts";
import { UserStreams } from "./user-streams.ts";

export interface BinanceVenueOptions {
  readonly instruments: readonly Instrument[];
  readonly accounts: readonly CheckedAccount[];
  readonly limits: Limits;
  readonly kept: Kept;
  readonly recording: Recording | undefined;
  readonly replaySpeed: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of failures of the exchange itself. */
  readonly onError: (error: Error) => void;
}

const ROOTS: Readonly<Record<Product, string>> = { spot: "/api/v3", usdm: "/fapi/v1", coinm: "/dapi/v1" };

/** The exchange behind all ports: one engine, one ledger, one count of weights, its streams, and a recording when there is one. */
export class BinanceVenue {
  readonly exchange: Exchange;
  readonly #clock: Clock;
  readonly #hub = new StreamHub();
  readonly #snapshots = new RecordedSnapshots();
  readonly #publisher: Publisher;
  readonly #replay: Replay | undefined;
  readonly #venue: Venue;
  readonly #http: HttpApi;
  readonly #api: SocketApi;
  readonly #names: ReadonlyMap<number, string>; // of accounts, by their place in the engine
  #replaying: Promise<ReplaySummary> | undefined;

  /** @throws {InvalidInputError} When an account's public key is none. */
  constructor(options: BinanceVenueOptions) {
    const { instruments, accounts, limits, kept, recording, replaySpeed, clock, random, onError } = options;
    this.#clock = clock;
    const orderLimit = new OrderLimit(limits);
    const userStreams = new UserStreams();
    this.#publisher = new Publisher(this.#hub, userStreams, orderLimit);
    this.exchange = new Exchange({ instruments, listener: this.#publisher, kept });
    if (recording === undefined) for (const market of this.exchange.markets) this.#publisher.addFeed(market);
    else this.#replay = this.#replayOf(recording, replaySpeed);
    const opened = accounts.map((spec) => ({ spec, account: this.#open(spec, instruments) }));
    this.#names = new Map(opened.map(({ spec, account }) => [account.index, spec.name]));
    this.#venue = {
      exchange: this.exchange,
      limits,
      orderLimit,
      weightLimit: new WeightLimit(limits),
      authenticator: new Authenticator(
        opened.map(({ spec: { apiKey, apiSecret: secret, publicKey }, account }) => ({
          apiKey,
          secret,
          publicKey,
          account,
        })),
      ),
      newClientId: clientIds(random.fork("client ids")),
    };
    const product = recording?.product ?? "spot";
    const endpoints = this.#endpoints(product, recording !== undefined);
    this.#http = new HttpApi({ venue: this.#venue, endpoints, root: ROOTS[product], clock, onError });
    this.#api = new SocketApi({ venue: this.#venue, endpoints, userStreams, clock, onError });
  }

  /** Its protocol on one port. */
  protocol(place: Place): BinanceProtocol {
    return new BinanceProtocol({
      venue: this.#venue,
      http: this.#http,
      api: this.#api,
      hub: this.#hub,
      clock: this.#clock,
      place,
    });
  }

  /** Publishes what is due; call every 100 ms. */
  tick(nowUs: number): void {
    this.#publisher.tick(nowUs);
  }

  /** Name of the account at that place in the engine. */
  accountName(index: number): string {
    return this.#names.get(index) ?? "";
  }

  /** Plays the recording. @throws {InvalidInputError} When there is none, or it is being played. */
  async replay(signal: AbortSignal): Promise<ReplaySummary> {
    if (this.#replay === undefined) {
      throw new InvalidInputError("there is nothing to replay: create the paper exchange with a recording");
    }
    if (this.#replaying !== undefined) {
      throw new InvalidInputError("a replay is running: wait for it before starting another");
    }
    signal.throwIfAborted();
    this.#replaying = this.#replay.run(signal);
    try {
      return await this.#replaying;
    } finally {
      this.#replaying = undefined;
    }
  }

  /** Answers whoever waits for a recorded snapshot: there will be none. */
  end(): void {
    this.#snapshots.end();
  }

  /** Resolves when no replay runs any more. */
  async ended(): Promise<void> {
    await Promise.allSettled([this.#replaying]); // its caller gets the reason
  }

  #endpoints(product: Product, isRecorded: boolean): Endpoint[] {
    const venue = this.#venue;
    const basic = basicEndpoints(venue, product, isRecorded ? (market) => this.#recordedDepth(market) : liveDepth);
    if (product !== "spot") return basic;
    return [...basic, ...marketEndpoints(venue), ...orderEndpoints(venue), ...accountEndpoints(venue)];
  }

  #replayOf(recording: Recording, speed: number): Replay {
    return new Replay({
      recording,
      hub: this.#hub,
      snapshots: this.#snapshots,
      exchange: this.exchange,
      clock: this.#clock,
      speed,
    });
  }

  async #recordedDepth({ instrument }: Market): Promise<RawJson> {
    const text = await this.#snapshots.take(instrument.symbol);
    if (text === undefined) throw refuse.recordingEnded(instrument.symbol);
    return new RawJson(text);
  }

  #open({ makerRate, takerRate, balances }: CheckedAccount, instruments: readonly Instrument[]): Account {
    const account = this.exchange.accounts.open({ makerRate, takerRate });
    for (const [asset, units] of balances) account.balance(asset).free = units;
    for (const { base, quote } of instruments) {
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
