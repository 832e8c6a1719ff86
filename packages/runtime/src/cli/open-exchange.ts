import { createPaper, DEMO_API_KEY, DEMO_API_SECRET, type Paper, type Recording } from "@pitlane/paper";
import { type Clock, InvalidInputError } from "@pitlane/perf";
import { NetworkError } from "@pitlane/sdk";
import { type BinanceUrls, createBinance } from "@pitlane/sdk/binance";
import { combineVenues, type NamedVenue } from "../combine-venues.ts";
import type { VenuePlan } from "../config/venue-plan.ts";
import type { Config } from "../config.ts";
import type { MarketVenue, TradingVenue } from "../venue.ts";
import { openVenue } from "./open-venue.ts";
import { colors, type Output } from "./output.ts";
import { parseOrigin } from "./parse.ts";
import { urlsOf } from "./venues.ts";

/** A paper exchange that runs in another process. */
export interface ExchangeAddress {
  /** What its instruments are named after: `alpha` makes `alpha:AAA/USDT`. */
  readonly name: string;
  /** Of its REST. */
  readonly url: string;
}

export interface ExchangeOptions {
  readonly config: Config;
  /** The embedded one is started when there is none. */
  readonly addresses: readonly ExchangeAddress[];
  /** A real venue, its secrets in place; undefined for paper exchanges. */
  readonly venue?: VenuePlan | undefined;
  /** Recorded session that the embedded one plays in place of its market model. */
  readonly recording: Recording | undefined;
  /** Of the recording; 0 for as fast as it goes, else times real time. */
  readonly speed: number;
  readonly recvWindowMs: number;
  readonly clock: Clock;
  readonly output: Output;
}

/** Where a session runs, and the client of it. */
export interface OpenExchange {
  readonly client: MarketVenue;
  /** Undefined where it takes no orders. */
  readonly trading: TradingVenue | undefined;
  /** The embedded one; undefined when it runs in another process. */
  readonly paper: Paper | undefined;
  /** Lines for people: where it is. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

const SNAPSHOT_WAIT_MS = 600_000;
const EXCHANGE_WAIT_MS = 5_000;
/** Of the embedded one, which lives in the session's memory: 55 to 80 MB at most with its four instruments, a tenth of what its defaults allow. */
const KEPT = { orders: 10_000, trades: 5_000 };
const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Reads `http://HOST:PORT`, whose venue is named `paper`, or several `NAME=http://HOST:PORT`.
 *
 * @throws {InvalidInputError} When one is no address, or one of several has no name of its own.
 */
export function parseExchanges(texts: readonly string[]): readonly ExchangeAddress[] {
  const addresses = texts.map((text) => {
    const [, name, url = text] = /^([^=:/]*)=(.*)$/.exec(text) ?? [];
    if (name !== undefined && !NAME.test(name))
      throw new InvalidInputError(`--exchange ${text}: a venue's name must be kebab case, such as alpha`);
    if (name === undefined && texts.length > 1)
      throw new InvalidInputError(`of several exchanges each needs a name: --exchange alpha=${text}`);
    return { name: name ?? "paper", url: parseOrigin("--exchange", url) };
  });
  const twice = addresses.find(({ name }, index) => addresses.findIndex((one) => one.name === name) < index);
  if (twice !== undefined) throw new InvalidInputError(`--exchange names ${twice.name} twice`);
  return addresses;
}

/** Starts the embedded exchange, or finds those of other processes, or opens a real venue. @throws {NetworkError} When one does not answer. */
export async function openExchange(options: ExchangeOptions): Promise<OpenExchange> {
  const { addresses, venue } = options;
  if (venue !== undefined) return openVenue({ ...options, plan: venue });
  const [first] = addresses;
  if (first === undefined) return openEmbedded(options);
  if (addresses.length === 1) return openOne(options, first);
  const opened: OpenOne[] = [];
  const close = async () => {
    for (const one of opened) await one.close();
  };
  try {
    for (const address of addresses) opened.push(await openOne(options, address));
    const trading = combineVenues(opened.map(({ name, trading: client }): NamedVenue => ({ name, client })));
    const lines = opened.map(({ name, lines: [line = ""] }) => `${line}, as ${name}`);
    return { client: trading, trading, paper: undefined, lines, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Of what venue a recording is. */
export function venueOf({ product }: Recording): string {
  return product === "spot" ? "binance" : `binance-${product}`;
}

interface OpenOne extends OpenExchange {
  readonly name: string;
  readonly trading: TradingVenue;
}

async function openOne(options: ExchangeOptions, { name, url }: ExchangeAddress): Promise<OpenOne> {
  const urls = urlsOf(url);
  const requestWeight = await announcedWeight(url);
  const client = createBinance({
    venue: name,
    urls,
    credentials: { apiKey: DEMO_API_KEY, apiSecret: DEMO_API_SECRET },
    ...(requestWeight === undefined ? {} : { requestWeight }),
    ...callOptions(options),
  });
  return { name, client, trading: client, paper: undefined, lines: [lineOf(urls)], close: () => client.close() };
}

async function openEmbedded(options: ExchangeOptions): Promise<OpenExchange> {
  const { config, recording, speed, clock, output } = options;
  const paper = await createPaper({
    seed: config.seed,
    clock,
    kept: KEPT,
    onError: (error) => output.line(colors.yellow(`exchange: ${error.message}`)),
    ...(recording === undefined ? {} : { recording, replaySpeed: speed }),
  });
  try {
    const client = createBinance({
      product: recording?.product ?? "spot",
      venue: recording === undefined ? "paper" : venueOf(recording),
      urls: paper.urls,
      credentials: { apiKey: paper.apiKey, apiSecret: paper.apiSecret },
      ...callOptions(options),
      // A replay answers a snapshot request when it comes to the recorded snapshot, at real-time speed perhaps much later.
      ...(recording === undefined ? {} : { callTimeoutMs: SNAPSHOT_WAIT_MS }),
    });
    const close = async () => {
      await client.close();
      await paper.close();
    };
    return { client, trading: "orders" in client ? client : undefined, paper, lines: [lineOf(paper.urls)], close };
  } catch (error) {
    await paper.close();
    throw error;
  }
}

function callOptions({ config, recvWindowMs, clock }: ExchangeOptions) {
  const orderTransport = config.orderTransport === "websocket" ? "webSocket" : "rest";
  return { recvWindowMs, connections: config.connections, orderTransport, clock } as const;
}

function lineOf({ rest, stream }: BinanceUrls): string {
  return `exchange ${rest}, streams ${stream}`;
}

/** What an exchange says of its limit: a paper exchange may have another one than the venue. */
async function announcedWeight(url: string): Promise<number | undefined> {
  try {
    const answer = await fetch(`${url}/api/v3/exchangeInfo`, { signal: AbortSignal.timeout(EXCHANGE_WAIT_MS) });
    const info = (await answer.json()) as { readonly rateLimits: readonly { rateLimitType: string; limit: number }[] };
    return info.rateLimits.find(({ rateLimitType }) => rateLimitType === "REQUEST_WEIGHT")?.limit;
  } catch (cause) {
    const message = `no exchange answers at ${url}: start one with \`pitlane exchange\` and name the address it prints`;
    throw new NetworkError(message, { outcome: "unsent", cause });
  }
}
