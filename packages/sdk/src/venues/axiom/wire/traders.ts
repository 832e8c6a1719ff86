import {
  flag,
  integer,
  listOf,
  type MoreColumns,
  nullable,
  number,
  objectOf,
  parser,
  rowOf,
  text,
  timeUs,
} from "./read.ts";

/** What a wallet did in one token. Amounts are the venue's own floats, in whole SOL, USD and tokens. */
interface Trader {
  readonly walletAddress: string;
  readonly tokenBalance: number | null;
  readonly solBalance: number | null;
  readonly buyTransactions: number | null;
  readonly sellTransactions: number | null;
  readonly tokensBought: number | null;
  readonly tokensSold: number | null;
  readonly solInvested: number | null;
  readonly solSold: number | null;
  readonly usdInvested: number | null;
  readonly usdSold: number | null;
  readonly lastActiveAtUs: number | null;
}

/**
 * A row of `/holder-data-v4` or `/top-traders-v4`, 20 columns in two orders. The first holder is the pool or the curve itself.
 *
 * There are four flags in each; that they stand in the order of the older form is a guess, hence `likely`.
 */
export interface TraderRow extends Trader {
  readonly likelyIsInsider: boolean | null;
  readonly likelyIsBundler: boolean | null;
  readonly likelyIsSniper: boolean | null;
  readonly likelyIsProUser: boolean | null;
  readonly fundingWalletAddress: string | null;
  readonly fundingSignature: string | null;
  readonly fundingAmountSol: number | null;
  readonly fundedAtUs: number | null;
}

const FUNDING = {
  lastActiveAtUs: [15, nullable(timeUs)],
  fundingWalletAddress: [16, nullable(text)],
  fundingSignature: [17, nullable(text)],
  fundingAmountSol: [18, nullable(number)],
  fundedAtUs: [19, nullable(timeUs)],
} as const;

export const parseHolders: (value: unknown) => readonly (TraderRow & MoreColumns)[] = parser(
  "holder-data-v4",
  listOf(
    "row",
    rowOf<TraderRow>({
      walletAddress: [0, text],
      tokenBalance: [1, nullable(number)],
      solBalance: [2, nullable(number)],
      likelyIsInsider: [3, nullable(flag)],
      likelyIsBundler: [4, nullable(flag)],
      likelyIsSniper: [5, nullable(flag)],
      likelyIsProUser: [6, nullable(flag)],
      buyTransactions: [7, nullable(integer)],
      sellTransactions: [8, nullable(integer)],
      solInvested: [9, nullable(number)],
      solSold: [10, nullable(number)],
      tokensBought: [11, nullable(number)],
      tokensSold: [12, nullable(number)],
      usdInvested: [13, nullable(number)],
      usdSold: [14, nullable(number)],
      ...FUNDING,
    }),
  ),
);

export const parseTopTraders: (value: unknown) => readonly (TraderRow & MoreColumns)[] = parser(
  "top-traders-v4",
  listOf(
    "row",
    rowOf<TraderRow>({
      walletAddress: [0, text],
      buyTransactions: [1, nullable(integer)],
      sellTransactions: [2, nullable(integer)],
      tokensBought: [3, nullable(number)],
      tokensSold: [4, nullable(number)],
      solInvested: [5, nullable(number)],
      solSold: [6, nullable(number)],
      usdInvested: [7, nullable(number)],
      usdSold: [8, nullable(number)],
      tokenBalance: [9, nullable(number)],
      likelyIsInsider: [10, nullable(flag)],
      likelyIsBundler: [11, nullable(flag)],
      likelyIsSniper: [12, nullable(flag)],
      likelyIsProUser: [13, nullable(flag)],
      solBalance: [14, nullable(number)],
      ...FUNDING,
    }),
  ),
);

/** Where a wallet of the older form got its SOL from. */
export interface TraderFunding {
  readonly fundingWalletAddress: string;
  readonly amountSol: number | null;
  readonly fundedAtUs: number | null;
}

/** An object of `/holder-data-v3` or `/top-traders-v3`: the older form, whose flags have names. */
export interface TraderObject extends Trader {
  readonly isInsider: boolean | null;
  readonly isBundler: boolean | null;
  readonly isSniper: boolean | null;
  readonly isProUser: boolean | null;
  readonly lastUpdatedSlot: number | null;
  readonly createdAtUs: number | null;
  readonly walletFunding: TraderFunding | null;
}

function traderObject(addressField: string) {
  return objectOf<TraderObject>({
    walletAddress: [addressField, text],
    tokenBalance: nullable(number),
    solBalance: nullable(number),
    isInsider: nullable(flag),
    isBundler: nullable(flag),
    isSniper: nullable(flag),
    isProUser: nullable(flag),
    buyTransactions: nullable(integer),
    sellTransactions: nullable(integer),
    tokensBought: nullable(number),
    tokensSold: nullable(number),
    solInvested: nullable(number),
    solSold: nullable(number),
    usdInvested: nullable(number),
    usdSold: nullable(number),
    lastActiveAtUs: ["lastActiveTimestamp", nullable(timeUs)],
    lastUpdatedSlot: nullable(integer),
    createdAtUs: ["createdAt", nullable(timeUs)],
    walletFunding: nullable(
      objectOf<TraderFunding>({
        fundingWalletAddress: text,
        amountSol: nullable(number),
        fundedAtUs: ["fundedAt", nullable(timeUs)],
      }),
    ),
  });
}

export const parseHoldersV3 = parser("holder-data-v3", listOf("item", traderObject("walletAddress")));
export const parseTopTradersV3 = parser("top-traders-v3", listOf("item", traderObject("makerAddress")));
