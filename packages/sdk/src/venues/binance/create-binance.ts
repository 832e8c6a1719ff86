import { InvalidInputError, inRange, integerInRange } from "@pitlane/perf";
import { check, checkFlag, checkList, checkObject } from "../../checks.ts";
import { createEvents } from "../../client-events.ts";
import { refuseUnknown } from "../../known-options.ts";
import { createSigner, type Signer } from "../../session/sign.ts";
import { createVenueClock, type VenueClock } from "../../session/venue-clock.ts";
import { Connection } from "../../stream/connection.ts";
import type { UserStream, UserStreamOptions } from "../../stream/streams.ts";
import { repeats } from "../../transport/retry.ts";
import { defineVenue } from "../../venue.ts";
import { Account } from "./account.ts";
import { ALL_PARTS } from "./all-parts.ts";
import type { Api } from "./api.ts";
import { binanceAuthenticator } from "./authenticator.ts";
import { batched } from "./batching.ts";
import { type BinanceClient, type BinanceFuturesClient, SPOT_CAPABILITIES } from "./capabilities.ts";
import { CLIENT } from "./known-options.ts";
import type { Market } from "./market.ts";
import { binanceFutures } from "./market-client.ts";
import type { NetworkPlace } from "./network.ts";
import { openWatchedMarket } from "./open-watched-market.ts";
import type { BinanceCredentials, BinanceMarketOptions, BinanceOptions, BinanceProduct } from "./options.ts";
import { Orders } from "./orders.ts";
import { connectRegions, type RegionalNetwork } from "./regional-network.ts";
import { SocketApi } from "./socket-api.ts";
import { openUserStream } from "./user-stream.ts";
import { type Wiring as AnyWiring, wire } from "./wiring.ts";

type Wiring = AnyWiring<RegionalNetwork, Market>;

/** Binance spot, as a venue: what a client of it can do, and how one is made. */
export const binanceSpot = defineVenue({
  name: "binance",
  capabilities: SPOT_CAPABILITIES,
  create: (options: BinanceOptions = {}): BinanceClient => createSpot({ ...options, product: "spot" }),
});

/**
 * Creates a client for Binance: spot with orders and account, USD-M and COIN-M futures with market data.
 *
 * Nothing is connected before the first call. Calls share a pool of sockets, every stream has one of its own; `close` ends
 * them all, and calls under way fail (a write among them with `OutcomeUnknownError`, unless it was still unsent).
 *
 * @throws {InvalidInputError} When an option breaks its rule; never showing a credential.
 * @example
 * const binance = createBinance({ credentials: { apiKey, apiSecret } });
 * const instrument = await binance.market.getInstrument("BTC/USDT");
 * await binance.orders.submit({ instrument, clientOrderId: "a-1", side: "buy", type: "limit", priceTicks: 6_125_000, sizeLots: 40, timeInForce: "GTC" });
 * await binance.close();
 */
export function createBinance(options?: BinanceOptions & { readonly product?: "spot" }): BinanceClient;
export function createBinance(
  options: BinanceMarketOptions & { readonly product: Exclude<BinanceProduct, "spot"> },
): BinanceFuturesClient;
export function createBinance<P extends BinanceProduct>(
  options: BinanceOptions & {
    readonly product?: P;
    // Of a product that is known to be no spot, they would be refused.
    readonly credentials?: "spot" extends P ? BinanceCredentials : undefined;
  },
): BinanceClient | BinanceFuturesClient;
export function createBinance(options: BinanceOptions = {}): BinanceClient | BinanceFuturesClient {
  refuseUnknown("createBinance", options, CLIENT);
  const { product = "spot" } = options;
  if (product === "spot") return binanceSpot.create(options);
  if (options.credentials !== undefined) {
    throw new InvalidInputError(`credentials are for product "spot"; a client for "${product}" has market data only`);
  }
  return binanceFutures.create(options);
}

function createSpot(options: BinanceOptions): BinanceClient {
  refuseUnknown("createBinance", options, CLIENT);
  const recvWindowMs = integerInRange("recvWindowMs", options.recvWindowMs ?? 5_000, 1, 60_000);
  const { orderTransport = "rest", clockSync = true, credentials, batching } = options;
  const isTransport = orderTransport === "rest" || orderTransport === "webSocket";
  check(isTransport, "orderTransport", '"rest" or "webSocket"', orderTransport);
  checkKinds(options);
  const signer = credentials === undefined ? undefined : createSigner(credentials);
  let venueClock: VenueClock | undefined;
  const connect = (place: NetworkPlace) => {
    if (signer === undefined) return connectRegions(place);
    const { clock, events } = place;
    const signerOf = (readServerTimeUs: (signal: AbortSignal) => Promise<number>) => {
      // Half of the window is for the way: a request that is later than that is refused for another reason.
      const tolerates = { aheadMs: 1_000, behindMs: recvWindowMs / 2 };
      const time = createVenueClock({ readServerTimeUs, events, tolerates, clock });
      venueClock = time;
      const nowUs = () => time.nowUs();
      const resync = () => time.resync();
      return binanceAuthenticator({ signer, recvWindowMs, nowUs, resync });
    };
    return connectRegions(place, signerOf, options.orderLimits);
  };
  const wiring = wire(options, connect, ALL_PARTS.moreCalls, ALL_PARTS.otherPlaces(), createEvents());
  if (signer === undefined || venueClock === undefined) return assemble(wiring, refusing(), undefined);
  wiring.own(venueClock);

  const signing: Signing = { signer, recvWindowMs, time: venueClock };
  const way = orderTransport === "rest" ? wiring.network.rest : openSocketApi(wiring, signing);
  return assemble(wiring, clockSync ? measuring(way, wiring, venueClock) : way, { signing, batching });
}

/** Kinds alone, but for batching, whose fields may be missing: ranges are checked where they are used. */
function checkKinds({ clockSync = true, orderLimits = [], batching }: BinanceOptions): void {
  checkFlag("clockSync", clockSync);
  checkList("orderLimits", orderLimits);
  for (const [i, limit] of orderLimits.entries()) checkObject(`orderLimits[${i}]`, limit);
  if (batching === undefined) return;
  checkObject("batching", batching);
  inRange("batching.maxAgeMs", batching.maxAgeMs, 0, 60_000);
  integerInRange("batching.maxSize", batching.maxSize, 1, 1_000);
}

interface Signing {
  readonly signer: Signer;
  readonly recvWindowMs: number;
  readonly time: VenueClock;
}

function assemble(
  wiring: Wiring,
  api: Api,
  access: { readonly signing: Signing; readonly batching: BinanceOptions["batching"] } | undefined,
): BinanceClient {
  const { venue, network, market, events, close } = wiring;
  const orders = new Orders({ api, market, venue, budget: network.orders });
  return {
    venue,
    market,
    orders: access?.batching === undefined ? orders : batched(orders, access.batching, wiring),
    account: new Account(api),
    stream: {
      market: (of) => openWatchedMarket(wiring, of),
      user: (of) => openUser(wiring, of, access?.signing),
    },
    events,
    health: () => network.health(),
    close,
  };
}

/** The way of a client without credentials: no call goes it. */
function refusing(): Api {
  return {
    call: () => Promise.reject(new InvalidInputError(NEEDS_CREDENTIALS)),
  };
}

/** Starts to measure the venue's clock with the first signed call, behind it: a refused timestamp is measured for at once anyway. */
function measuring(way: Api, { events, closing }: Wiring, time: VenueClock): Api {
  let isStarted = false;
  return {
    call(call) {
      const answer = way.call(call);
      if (!isStarted) {
        isStarted = true;
        answer.then(start, start);
      }
      return answer;
    },
  };

  function start(): void {
    time.start().catch((error: unknown) => {
      if (closing.aborted) return;
      isStarted = false; // the next signed call begins anew
      if (error instanceof Error) events.emit("failed", { service: "clock", error });
    });
  }
}

function openSocketApi(wiring: Wiring, { signer, recvWindowMs, time }: Signing): SocketApi {
  const { network, options, closing, clock, random, connectTimeoutMs, callTimeoutMs, events } = wiring;
  const api = new SocketApi({
    open: ({ onOpen, onFrame, onLost }) =>
      new Connection({
        endpoints: network.wsApi,
        onOpen,
        onFrame: (data, _isBinary, _receivedAtUs, _receivedNs, link) => onFrame(data, link),
        onLost,
        onError: (error) => events.emit("failed", { service: "wsApi", error }),
        connectTimeoutMs,
        watch: network.watch("order socket"),
        lifeMs: 23 * 3_600_000, // the venue ends a connection after 24 h
        clock,
        random,
      }),
    signer,
    recvWindowMs,
    callTimeoutMs,
    nowUs: () => time.nowUs(),
    resync: () => time.resync(),
    limit: network.weight,
    repeat: repeats({ ...options.backoff, retries: options.retries ?? 3, closing, random, events, clock }),
    clock,
    onError: (error) => events.emit("failed", { service: "wsApi", error }),
  });
  wiring.own(api);
  return api;
}

function openUser(wiring: Wiring, options: UserStreamOptions, signing: Signing | undefined): UserStream {
  wiring.checkOpen();
  if (signing === undefined) throw new InvalidInputError(NEEDS_CREDENTIALS);
  const { venue, network, connectTimeoutMs, callTimeoutMs, clock, random } = wiring;
  let forget = () => {};
  const stream = openUserStream(options, {
    venue,
    endpoints: network.wsApi,
    signer: signing.signer,
    recvWindowMs: signing.recvWindowMs,
    nowUs: () => signing.time.nowUs(),
    resync: () => signing.time.resync(),
    callTimeoutMs,
    connectTimeoutMs,
    watch: network.watch("user stream"),
    clock,
    random,
    onClose: () => forget(),
  });
  forget = wiring.own(stream);
  return stream;
}

const NEEDS_CREDENTIALS = "this call is signed: give createBinance its `credentials`";
