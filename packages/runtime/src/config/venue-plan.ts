import { InvalidInputError } from "@pitlane/perf";
import type { BinanceEnvironment, BinanceUrls } from "@pitlane/sdk/binance";
import type { Config } from "./schema.ts";
import { secret } from "./secret-refs.ts";

/** What `venue.name` may be. `paper` is the embedded paper exchange, or one of another process. */
export const VENUE_CHOICES = ["paper", "binance", "binance-testnet", "binance-demo"] as const;

export type VenueChoice = (typeof VENUE_CHOICES)[number];

interface VenueFacts {
  readonly environment: BinanceEnvironment;
  readonly isRealMoney: boolean;
  /** Its keys are the secrets of these names. */
  readonly keys: readonly [apiKey: string, apiSecret: string];
}

const FACTS: Readonly<Record<Exclude<VenueChoice, "paper">, VenueFacts>> = {
  binance: { environment: "production", isRealMoney: true, keys: ["BINANCE_API_KEY", "BINANCE_API_SECRET"] },
  "binance-testnet": {
    environment: "testnet",
    isRealMoney: false,
    keys: ["BINANCE_TESTNET_API_KEY", "BINANCE_TESTNET_API_SECRET"],
  },
  "binance-demo": {
    environment: "demo",
    isRealMoney: false,
    keys: ["BINANCE_DEMO_API_KEY", "BINANCE_DEMO_API_SECRET"],
  },
};

/** A venue that a session is to trade at. */
export interface VenuePlan {
  /** First part of its instruments' ids. */
  readonly name: Exclude<VenueChoice, "paper">;
  readonly environment: BinanceEnvironment;
  readonly isRealMoney: boolean;
  /** `AAA/BBB`, one or more, each once. */
  readonly symbols: readonly string[];
  /** In place of the venue's own addresses. */
  readonly urls: BinanceUrls | undefined;
  /** References to secrets: their values are put there when the session starts. */
  readonly credentials: { readonly apiKey: string; readonly apiSecret: string };
}

/** How whoever asks for a session may be told what to do. */
export interface VenueAsked {
  /** The strategies are those that run when nobody names any: a sample. */
  readonly hasDefaultStrategies: boolean;
}

/**
 * What the settings say of the venue, checked before anything is opened; undefined for the paper exchange. Pure.
 *
 * @throws {InvalidInputError} Naming the remedy: real money without `live`, no symbols, a sample strategy with real money, addresses that are
 * not whole or would carry keys in clear.
 */
export function planVenue({ venue }: Pick<Config, "venue">, asked: VenueAsked): VenuePlan | undefined {
  const { name, live, urls } = venue;
  if (name === "paper") return undefined;
  const { environment, isRealMoney, keys } = FACTS[name];
  if (isRealMoney && !live)
    throw new InvalidInputError(
      `${name} trades with real money: say so with --live, or with venue.live in the settings; --venue binance-testnet tries the same without`,
    );
  if (isRealMoney && asked.hasDefaultStrategies)
    throw new InvalidInputError(
      `no strategy was named, and the sample must not trade with real money on ${name}: run a file, or list strategies in the settings`,
    );
  const symbols = [...new Set(venue.symbols)];
  if (symbols.length === 0)
    throw new InvalidInputError(`${name} lists more than a session can follow: name what to trade, --symbols BTC/USDT`);
  return {
    name,
    environment,
    isRealMoney,
    symbols,
    urls: urlsOf(urls),
    credentials: { apiKey: venue.apiKey || secret(keys[0]), apiSecret: venue.apiSecret || secret(keys[1]) },
  };
}

/** Which of its venue's places `venue.name` means; production for paper, whose models stand for it. */
export function environmentOf(name: VenueChoice): BinanceEnvironment {
  return name === "paper" ? "production" : FACTS[name].environment;
}

/** The addresses of the settings; undefined where they name none. */
function urlsOf(urls: BinanceUrls): BinanceUrls | undefined {
  const given = Object.entries(urls).filter(([, url]) => url !== "");
  if (given.length === 0) return undefined;
  if (given.length < Object.keys(urls).length)
    throw new InvalidInputError("venue.urls needs rest, stream and wsApi together: a venue is one place");
  for (const [name, url] of given) {
    if (!URL.canParse(url)) throw new InvalidInputError(`venue.urls.${name} is no address: ${JSON.stringify(url)}`);
    const { protocol, hostname } = new URL(url);
    if (protocol !== "https:" && protocol !== "wss:" && !isLoopback(hostname))
      throw new InvalidInputError(
        `venue.urls.${name} would carry keys in clear: use https and wss, or an address of this machine`,
      );
  }
  return urls;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
