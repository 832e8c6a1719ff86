import { flag, integer, listOf, type MoreColumns, nullable, number, parser, raw, rowOf, text, timeUs } from "./read.ts";

/** What a tracked wallet did in a token. Amounts are the venue's own floats, in whole SOL, USD and tokens. */
interface TrackedTrade {
  readonly walletAddress: string;
  readonly signature: string;
  readonly priceSol: number | null;
  readonly priceUsd: number | null;
  readonly tokenAmount: number | null;
  readonly totalSol: number | null;
  readonly totalUsd: number | null;
  readonly feeSol: number | null;
  readonly pairAddress: string | null;
  readonly pairCreatedAtUs: number | null;
  /** Average market cap at which the wallet bought, in SOL, fees included. */
  readonly averageEntryMarketCapSol: number | null;
  /** Average market cap at which it sold, net of fees; null before its first sale. */
  readonly averageExitMarketCapSol: number | null;
  /** SOL that the wallet got out of the token less what it put in; rows of a "Sell All" were seen to have the state before that sale. */
  readonly solFlow: number | null;
  readonly tokenAddress: string | null;
  readonly tokenName: string | null;
  readonly tokenTicker: string | null;
  readonly tokenImage: string | null;
  readonly tokenDecimals: number | null;
  /** In whole tokens. */
  readonly supply: number | null;
  readonly protocol: string | null;
  readonly liquiditySol: number | null;
}

/** A row of `/tracked-wallet-transactions-v3`, 25 columns. */
export interface TrackedTransaction extends TrackedTrade {
  readonly createdAtUs: number;
  /** `buy`, `sell`, `add`, presumably `remove`; an open set. */
  readonly type: string;
  /** `First Buy`, `Buy More`, `Sell Partial`, `Sell All`, `Add Liquidity`, ...; an open set. */
  readonly detailedType: string | null;
  /** 0 or 1, of unknown meaning. */
  readonly column23: unknown;
}

export const parseTrackedTransactions: (value: unknown) => readonly (TrackedTransaction & MoreColumns)[] = parser(
  "tracked-wallet-transactions-v3",
  listOf(
    "row",
    rowOf<TrackedTransaction>({
      createdAtUs: [0, timeUs],
      walletAddress: [1, text],
      signature: [2, text],
      priceSol: [3, nullable(number)],
      priceUsd: [4, nullable(number)],
      tokenAmount: [5, nullable(number)],
      totalSol: [6, nullable(number)],
      totalUsd: [7, nullable(number)],
      feeSol: [8, nullable(number)],
      type: [9, text],
      detailedType: [10, nullable(text)],
      pairAddress: [11, nullable(text)],
      pairCreatedAtUs: [12, nullable(timeUs)],
      averageEntryMarketCapSol: [13, nullable(number)],
      averageExitMarketCapSol: [14, nullable(number)],
      solFlow: [15, nullable(number)],
      tokenAddress: [16, nullable(text)],
      tokenName: [17, nullable(text)],
      tokenTicker: [18, nullable(text)],
      tokenImage: [19, nullable(text)],
      tokenDecimals: [20, nullable(integer)],
      supply: [21, nullable(number)],
      protocol: [22, nullable(text)],
      column23: [23, raw],
      liquiditySol: [24, nullable(number)],
    }),
  ),
);

/**
 * What the Eucalyptus socket pushes, 28 columns. Its columns were matched against rows of `/tracked-wallet-transactions-v3` by
 * others, no capture was seen: all labels are best effort.
 */
export interface EucalyptusTrade extends TrackedTrade {
  readonly atUs: number;
  /** 2 on buys and 4 on sells were seen. */
  readonly typeCode: number | null;
  /** Of the form `ms:number`. */
  readonly column6: unknown;
  /** An open set. */
  readonly type: string | null;
  readonly column24: boolean | null;
  readonly column26: unknown;
  readonly column27: unknown;
}

export const parseEucalyptus: (value: unknown) => EucalyptusTrade & MoreColumns = parser(
  "eucalyptus row",
  rowOf<EucalyptusTrade>({
    atUs: [0, timeUs],
    walletAddress: [1, text],
    signature: [2, text],
    typeCode: [3, nullable(integer)],
    pairAddress: [4, nullable(text)],
    tokenAddress: [5, nullable(text)],
    column6: [6, raw],
    priceSol: [7, nullable(number)],
    priceUsd: [8, nullable(number)],
    tokenAmount: [9, nullable(number)],
    totalSol: [10, nullable(number)],
    totalUsd: [11, nullable(number)],
    feeSol: [12, nullable(number)],
    type: [13, nullable(text)],
    pairCreatedAtUs: [14, nullable(timeUs)],
    averageEntryMarketCapSol: [15, nullable(number)],
    averageExitMarketCapSol: [16, nullable(number)],
    solFlow: [17, nullable(number)],
    tokenName: [18, nullable(text)],
    tokenTicker: [19, nullable(text)],
    tokenImage: [20, nullable(text)],
    tokenDecimals: [21, nullable(integer)],
    supply: [22, nullable(number)],
    protocol: [23, nullable(text)],
    column24: [24, nullable(flag)],
    liquiditySol: [25, nullable(number)],
    column26: [26, raw],
    column27: [27, raw],
  }),
);
