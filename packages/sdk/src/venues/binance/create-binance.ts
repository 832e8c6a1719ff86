import { randomInt } from "node:crypto";
import { createRandom, createSystemClock, InvalidInputError, integerInRange } from "@pitlane/perf";
import { HttpPool } from "../../transport/pool.ts";
import { accountCalls } from "./account.ts";
import type { BinanceClient, BinanceOptions, BinanceUrls } from "./client.ts";
import { PRODUCTS } from "./endpoints.ts";
import { Market } from "./market.ts";
import { openMarketStream } from "./market-stream.ts";
import { Orders } from "./orders.ts";
import { Rest } from "./rest.ts";
import { createSigner } from "./sign.ts";
import { openUserStream } from "./user-stream.ts";

/**
 * Creates a client for Binance: spot with orders and account, USD-M and COIN-M futures with market data.
 *
 * Nothing is connected before the first call. Calls share a pool of sockets, every stream has one of its own; `close` ends
 * them all, and calls under way fail (a write among them with `OutcomeUnknownError`, unless it was still unsent).
 *
 * @throws {InvalidInputError} When an option breaks its rule; never showing a credential.
 * @example
 * const binance = createBinance({ credentials: { apiKey, apiSecret } });
 * const [instrument] = await binance.market.listInstruments();
 * await binance.orders.submit({ instrument, clientOrderId: "a-1", side: "buy", type: "limit", priceTicks: 6_125, sizeLots: 40, timeInForce: "GTC" });
 * await binance.close();
 */
export function createBinance(options: BinanceOptions = {}): BinanceClient {
  const { product = "spot" } = options;
  const facts = PRODUCTS[product];
  if (facts === undefined) {
    throw new InvalidInputError(
      `product must be one of ${Object.keys(PRODUCTS).join(", ")}, got ${JSON.stringify(product)}`,
    );
  }
  const venue = options.venue ?? facts.venue;
  if (!/^[a-z0-9-]+$/.test(venue)) {
    throw new InvalidInputError(`venue must be lower-case letters, digits and -, got ${JSON.stringify(venue)}`);
  }
  const urls = checkUrls(options.urls ?? facts.urls);
  const recvWindowMs = integerInRange("recvWindowMs", options.recvWindowMs ?? 5_000, 1, 60_000);
  const connectTimeoutMs = integerInRange("connectTimeoutMs", options.connectTimeoutMs ?? 5_000, 1, 600_000);
  const callTimeoutMs = integerInRange("callTimeoutMs", options.callTimeoutMs ?? 10_000, 1, 600_000);
  const connections = integerInRange("connections", options.connections ?? 20, 1, 1_000);
  const clock = options.clock ?? createSystemClock();
  const random = options.random ?? createRandom(randomInt(2 ** 32));
  const signer = options.credentials === undefined ? undefined : createSigner(options.credentials);

  const pool = new HttpPool({ origin: urls.rest, connectTimeoutMs, callTimeoutMs, connections });
  const rest = new Rest({ pool, apiPath: facts.apiPath, signer, recvWindowMs, clock });
  const market = new Market(rest, venue);
  const streams = new Set<{ close(): Promise<void> }>();
  let closed: Promise<void> | undefined;

  function checkAccess(): NonNullable<typeof signer> {
    if (product !== "spot") {
      throw new InvalidInputError(
        `orders and account are for product "spot"; this client is for "${product}", market data only`,
      );
    }
    if (signer === undefined) throw new InvalidInputError("this call is signed: give createBinance its `credentials`");
    return signer;
  }

  function checkOpen(): void {
    if (closed !== undefined) throw new InvalidInputError("the client is closed: create another one");
  }

  return {
    venue,
    market: market.calls(),
    orders: new Orders(rest, market, venue, checkAccess).calls(),
    account: accountCalls(rest, checkAccess),
    stream: {
      market: (of) => {
        checkOpen();
        const onClose = () => streams.delete(stream);
        const parts = { product, venue, streamUrl: urls.stream, rest, connectTimeoutMs, clock, random, onClose };
        const stream = openMarketStream(of, parts);
        streams.add(stream);
        return stream;
      },
      user: (of) => {
        checkOpen();
        const signing = { signer: checkAccess(), recvWindowMs, callTimeoutMs };
        const onClose = () => streams.delete(stream);
        const parts = { venue, wsApiUrl: urls.wsApi, ...signing, connectTimeoutMs, clock, random, onClose };
        const stream = openUserStream(of, parts);
        streams.add(stream);
        return stream;
      },
    },
    close() {
      closed ??= Promise.all([...streams].map((stream) => stream.close())).then(() => pool.close());
      return closed;
    },
  };
}

/** Origins without a trailing slash, so that paths can be appended. */
function checkUrls(urls: BinanceUrls): BinanceUrls {
  return {
    rest: checkUrl("urls.rest", urls.rest, ["http:", "https:"]).origin,
    stream: checkUrl("urls.stream", urls.stream, ["ws:", "wss:"]).origin,
    wsApi: parseUrl("urls.wsApi", urls.wsApi, ["ws:", "wss:"]).href,
  };
}

function checkUrl(name: string, text: string, protocols: readonly string[]): URL {
  const url = parseUrl(name, text, protocols);
  if (url.pathname === "/" && url.search === "") return url;
  throw new InvalidInputError(`${name} must be an origin without a path, got ${url.origin}${url.pathname}`);
}

function parseUrl(name: string, text: string, protocols: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && protocols.includes(url.protocol)) return url;
  throw new InvalidInputError(
    `${name} must be a URL of ${protocols.map((protocol) => `${protocol}//`).join(" or ")}, got ${JSON.stringify(text)}`,
  );
}
