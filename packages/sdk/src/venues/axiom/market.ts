import { InvalidInputError, inRange, integerInRange } from "@pitlane/perf";
import type { CallControl } from "../../calls.ts";
import { checkFlag, checkObject } from "../../checks.ts";
import { checkAddress, checkAll, checkText, oneOf, pathOf } from "./checks.ts";
import { type PulseFilter, pulseFilter } from "./pulse-filter.ts";
import type { Rest } from "./rest.ts";
import { TRENDING_PERIODS, type TrendingPeriod } from "./rooms.ts";
import { parseRecord } from "./wire/account.ts";
import * as wire from "./wire/market.ts";
import { parseFoundPair, parsePairInfo, parsePairStats, parseTokenInfo } from "./wire/pair.ts";
import { PULSE_TABLES, type PulseTable, parsePulseItems } from "./wire/pulse.ts";
import { parseDevTokens, parseSearch, parseTokenAnalysis } from "./wire/tokens.ts";
import { parseHolders, parseHoldersV3, parseTopTraders, parseTopTradersV3 } from "./wire/traders.ts";
import { parseLastTransaction, parseTransactions } from "./wire/transactions.ts";
import { parseTrending } from "./wire/trending.ts";

export const CHART_INTERVALS = [
  ...(["1s", "5s", "15s", "30s", "1m", "3m", "5m", "15m", "30m", "1h", "4h", "12h", "1d"] as const),
] as const;
export type ChartInterval = (typeof CHART_INTERVALS)[number];

/** Which bars of a pair. */
export interface ChartQuery {
  readonly pairAddress: string;
  readonly interval: ChartInterval;
  /** Microseconds since the epoch. */
  readonly fromUs: number;
  readonly toUs: number;
  /** Default `USD`. */
  readonly currency?: "USD" | "SOL";
  /** Most bars, 1 to 5,000 (the bound is ours: the venue's is not known); default as the venue gives. */
  readonly countBars?: number;
  readonly showOutliers?: boolean;
  /** Which of the venue's calls, `/pair-chart`, `-v2` or `-v3`; default 3. How they differ is not known. */
  readonly version?: 1 | 2 | 3;
  /**
   * What the site sends besides, under the venue's names: `openTrading`, `pairCreatedAt`, `lastTransactionTime`, `isNew`, `isMigrated`,
   * `tokenAddress`, `needData`. Which of them the venue needs is not known.
   */
  readonly more?: Readonly<Record<string, string | number | boolean>>;
}

/** A pair and, for a token's analysis, what else is known of it. */
export interface TokenQuery {
  readonly devAddress: string;
  readonly tokenTicker: string;
  readonly pairAddress?: string;
}

const ORDERS = ["ASC", "DESC"] as const;
type Order = (typeof ORDERS)[number];

const UPPER_US = Number.MAX_SAFE_INTEGER;

/**
 * Calls about markets. All of them read, and all but `getServerTimeUs` need a session.
 *
 * An address is checked to be one before anything is sent. Amounts and prices are the venue's own floats: good to look at, never to
 * decide an order by. The `...V3` calls are the venue's older forms, whose flags have names.
 */
export function marketCalls(rest: Rest) {
  const pair = (pairAddress: string) => ({ pairAddress: checkAddress("pairAddress", pairAddress) });
  return {
    /** The venue's clock, microseconds since the epoch. Needs no session. */
    async getServerTimeUs(control?: CallControl) {
      const ask = { path: "/server-time", parse: wire.parseServerTime, isPrivate: false };
      return (await rest.read(ask, control)).serverTimeUs;
    },
    /** How many users are online. */
    async getOnlineUsers(control?: CallControl) {
      return (await rest.read({ path: "/online-users-count", parse: wire.parseOnlineUsers }, control)).count;
    },
    async getAnnouncement(control?: CallControl) {
      return rest.read({ path: "/get-announcement", parse: wire.parseAnnouncement }, control);
    },
    /** What the venue ranks highest in a period. @throws {InvalidInputError} For a period it does not rank. */
    async listTrending(period: TrendingPeriod, control?: CallControl) {
      const query = { timePeriod: oneOf("period", period, TRENDING_PERIODS) };
      return rest.read({ path: "/new-trending-v2", query, parse: parseTrending }, control);
    },
    /** What was traded by period and protocol. */
    async getLighthouse(control?: CallControl) {
      return rest.read({ path: "/lighthouse", parse: wire.parseLighthouse }, control);
    },
    /** USD prices by coin, `BTC`, `ETH`, `SOL`, `BNB`, as decimal text; may be empty. */
    async getCoinPrices(control?: CallControl) {
      return rest.read({ path: "/coin-prices", service: "account", parse: wire.parseCoinPrices }, control);
    },
    /** Who holds a pair's token, in percents. */
    async getTokenInfo(pairAddress: string, control?: CallControl) {
      return rest.read({ path: "/token-info", query: pair(pairAddress), parse: parseTokenInfo }, control);
    },
    async getPairInfo(pairAddress: string, control?: CallControl) {
      return rest.read({ path: "/pair-info", query: pair(pairAddress), parse: parsePairInfo }, control);
    },
    /** What `getPairInfo` reads, untouched: as `stream.friends` wants it. */
    async getPairRecord(pairAddress: string, control?: CallControl) {
      return rest.read({ path: "/pair-info", query: pair(pairAddress), parse: parseRecord("pair-info") }, control);
    },
    /** The pair of an address that may be a token's or a pair's: how a token is turned into its pair. */
    async findPair(address: string, control?: CallControl) {
      const query = { address: checkAddress("address", address) };
      return rest.read({ path: "/clipboard-pair-info", query, parse: parseFoundPair }, control);
    },
    /** The latest trade; null when there is none. */
    async getLastTransaction(pairAddress: string, control?: CallControl) {
      return rest.read({ path: "/last-transaction", query: pair(pairAddress), parse: parseLastTransaction }, control);
    },
    /** What was traded minute by minute, newest first; none of an old pair. */
    async listPairMinutes(pairAddress: string, control?: CallControl & { readonly page?: number }) {
      const page = control?.page === undefined ? undefined : integerInRange("page", control.page, 1, 1_000_000);
      return rest.read({ path: "/pair-stats", query: { ...pair(pairAddress), page }, parse: parsePairStats }, control);
    },
    /** Holders; the pool or curve itself first. */
    async listHolders(pairAddress: string, control?: CallControl) {
      return rest.read({ path: "/holder-data-v4", query: pair(pairAddress), parse: parseHolders }, control);
    },
    async listHoldersV3(pairAddress: string, control?: CallControl & { readonly onlyTracked?: boolean }) {
      const query = {
        ...pair(pairAddress),
        onlyTrackedWallets: checkFlag("onlyTracked", control?.onlyTracked ?? false),
      };
      return rest.read({ path: "/holder-data-v3", query, parse: parseHoldersV3 }, control);
    },
    async listTopTraders(pairAddress: string, control?: CallControl & { readonly onlyTracked?: boolean }) {
      const query = {
        ...pair(pairAddress),
        onlyTrackedWallets: checkFlag("onlyTracked", control?.onlyTracked ?? false),
      };
      return rest.read({ path: "/top-traders-v4", query, parse: parseTopTraders }, control);
    },
    async listTopTradersV3(pairAddress: string, control?: CallControl & { readonly onlyTracked?: boolean }) {
      const query = {
        ...pair(pairAddress),
        onlyTrackedWallets: checkFlag("onlyTracked", control?.onlyTracked ?? false),
      };
      return rest.read({ path: "/top-traders-v3", query, parse: parseTopTradersV3 }, control);
    },
    /**
     * Trades of a pair, newest first unless told otherwise; `makerAddress` gives those of one wallet. Of many wallets
     * `tracking.listTransactionsOf` gives them. Known from working code alone, as `listTransactionsV3` is.
     */
    async listTransactions(
      pairAddress: string,
      control?: CallControl & {
        readonly makerAddress?: string;
        readonly orderBy?: Order;
        /** `/transactions-feed` or its `-v2`, which are asked alike; default 2. How they differ is not known. */
        readonly version?: 1 | 2;
      },
    ) {
      const { makerAddress, orderBy = "DESC", version = 2 } = control ?? {};
      const maker = makerAddress === undefined ? undefined : checkAddress("makerAddress", makerAddress);
      const query = { ...pair(pairAddress), orderBy: oneOf("orderBy", orderBy, ORDERS), makerAddress: maker };
      const path = pathOf("/transactions-feed", version, 2);
      return rest.read({ path, query, parse: parseTransactions }, control);
    },
    /** The same by the later call, which takes no wallet. */
    async listTransactionsV3(pairAddress: string, control?: CallControl & { readonly orderBy?: Order }) {
      const body = { ...pair(pairAddress), orderBy: oneOf("orderBy", control?.orderBy ?? "DESC", ORDERS) };
      return rest.read({ path: "/transactions-feed-v3", body, parse: parseTransactions }, control);
    },
    /** Tokens of a dev. */
    async listDevTokens(devAddress: string, control?: CallControl) {
      const query = { devAddress: checkAddress("devAddress", devAddress) };
      return rest.read({ path: "/dev-tokens-v2", query, parse: parseDevTokens }, control);
    },
    /** What the venue makes of a dev, and of tokens with the same ticker. */
    async analyzeToken(request: TokenQuery, control?: CallControl) {
      checkObject("request", request);
      const { devAddress, tokenTicker, pairAddress } = request;
      const query = {
        devAddress: checkAddress("devAddress", devAddress),
        tokenTicker: checkText("tokenTicker", tokenTicker, 100),
        ...(pairAddress === undefined ? {} : pair(pairAddress)),
      };
      return rest.read({ path: "/token-analysis", query, parse: parseTokenAnalysis }, control);
    },
    /** Tokens by name, ticker or address. */
    async search(searchQuery: string, control?: CallControl & { readonly limit?: number }) {
      const limit = control?.limit === undefined ? undefined : integerInRange("limit", control.limit, 1, 1_000);
      const query = { searchQuery: checkText("searchQuery", searchQuery, 200), limit };
      return rest.read({ path: "/search-v3", query, parse: parseSearch }, control);
    },
    /** Bars of a pair, oldest first. */
    async listChartBars(chart: ChartQuery, control?: CallControl) {
      checkObject("request", chart);
      const { fromUs, toUs, interval, currency = "USD", countBars, showOutliers, version = 3, more } = chart;
      integerInRange("fromUs", fromUs, 0, UPPER_US);
      integerInRange("toUs", toUs, 0, UPPER_US);
      if (fromUs >= toUs) throw new InvalidInputError(`fromUs must be before toUs, got ${fromUs} and ${toUs}`);
      const query = {
        ...more,
        ...pair(chart.pairAddress),
        from: Math.floor(fromUs / 1000),
        to: Math.ceil(toUs / 1000),
        currency: oneOf("currency", currency, ["USD", "SOL"]),
        interval: oneOf("interval", interval, CHART_INTERVALS),
        countBars: countBars === undefined ? undefined : integerInRange("countBars", countBars, 1, 5_000),
        showOutliers: showOutliers === undefined ? undefined : checkFlag("showOutliers", showOutliers),
      };
      return rest.read({ path: pathOf("/pair-chart", version, 3), query, parse: wire.parseBars }, control);
    },
    /** A Pulse table as the older call gives it; the site uses the Pulse socket, `stream.pulse`. */
    async listPulse(
      table: PulseTable,
      control?: CallControl & { readonly filter?: PulseFilter; readonly usdPerSol?: number },
    ) {
      const { filter = pulseFilter(), usdPerSol = null } = control ?? {};
      checkObject("filter", filter);
      if (usdPerSol !== null) inRange("usdPerSol", usdPerSol, 0, Number.MAX_VALUE);
      const body = { table: oneOf("table", table, PULSE_TABLES), filters: filter, usdPerSol };
      return rest.read({ path: "/pulse", body, parse: parsePulseItems }, control);
    },
    /** What the venue knows of each pair. Its form is not known: handed over as it comes, by whatever key it has. */
    async getPairMetadata(pairAddresses: readonly string[], control?: CallControl) {
      const addresses = checkAll("pairAddresses", pairAddresses, 100, checkAddress);
      const query = { pairAddresses: addresses.join(",") };
      return rest.read({ path: "/batch-pair-metadata", query, parse: (value: unknown): unknown => value }, control);
    },
  };
}

export type AxiomMarketCalls = ReturnType<typeof marketCalls>;
