import {
  flag,
  integer,
  listOf,
  type MoreFields,
  nullable,
  number,
  type OpenRecord,
  objectOf,
  parser,
  raw,
  record,
  text,
  timeUs,
} from "./read.ts";

/** Who holds a token, and what its dev paid for. Percents are 0 to 100. */
export interface TokenInfo {
  readonly top10HoldersPercent: number | null;
  readonly devHoldsPercent: number | null;
  readonly snipersHoldPercent: number | null;
  readonly insidersHoldPercent: number | null;
  readonly bundlersHoldPercent: number | null;
  readonly dexPaid: boolean | null;
  readonly dexPaidAtUs: number | null;
  readonly numHolders: number | null;
  readonly numBotUsers: number | null;
  /** In SOL. */
  readonly totalPairFeesPaid: number | null;
}

export const parseTokenInfo = parser(
  "token-info",
  objectOf<TokenInfo>({
    top10HoldersPercent: nullable(number),
    devHoldsPercent: nullable(number),
    snipersHoldPercent: nullable(number),
    insidersHoldPercent: nullable(number),
    bundlersHoldPercent: nullable(number),
    dexPaid: nullable(flag),
    dexPaidAtUs: ["dexPaidTime", nullable(timeUs)],
    numHolders: nullable(integer),
    numBotUsers: nullable(integer),
    totalPairFeesPaid: nullable(number),
  }),
);

/** Where the wallet of a token's dev got its SOL from. */
export interface WalletFunding {
  readonly walletAddress: string | null;
  readonly fundingWalletAddress: string;
  readonly signature: string | null;
  readonly amountSol: number | null;
  readonly fundedAtUs: number | null;
}

const readWalletFunding = objectOf<WalletFunding>({
  walletAddress: nullable(text),
  fundingWalletAddress: text,
  signature: nullable(text),
  amountSol: nullable(number),
  fundedAtUs: ["fundedAt", nullable(timeUs)],
});

/** A pair as `/pair-info` has it. */
export interface PairInfo {
  readonly pairAddress: string;
  readonly tokenAddress: string;
  readonly tokenName: string | null;
  readonly tokenTicker: string | null;
  readonly tokenImage: string | null;
  readonly tokenUri: string | null;
  readonly tokenDecimals: number | null;
  /** In whole tokens. */
  readonly supply: number | null;
  /** An open set: `Pump V1`, `Pump AMM`, `Raydium V4`, ... */
  readonly protocol: string | null;
  readonly displayProtocol: string | null;
  /** Differs by protocol. */
  readonly protocolDetails: OpenRecord | null;
  readonly deployerAddress: string | null;
  readonly pairSolAccount: string | null;
  readonly pairTokenAccount: string | null;
  readonly signature: string | null;
  readonly slot: number | null;
  readonly createdAtUs: number | null;
  readonly updatedAtUs: number | null;
  readonly openTradingAtUs: number | null;
  readonly initialLiquiditySol: number | null;
  readonly initialLiquidityToken: number | null;
  readonly lpBurned: number | null;
  readonly top10Holders: number | null;
  readonly dexPaid: boolean | null;
  readonly mintAuthority: string | null;
  readonly freezeAuthority: string | null;
  readonly website: string | null;
  readonly twitter: string | null;
  readonly telegram: string | null;
  readonly discord: string | null;
  /** Has `migratedFrom` where the token came from another pair. */
  readonly extra: OpenRecord | null;
  readonly isWatchlisted: boolean | null;
  readonly pumpLiveStreamData: unknown;
  readonly twitterHandleHistory: unknown;
  readonly userCount: number | null;
  readonly devWalletFunding: (WalletFunding & MoreFields) | null;
}

export const parsePairInfo = parser(
  "pair-info",
  objectOf<PairInfo>({
    pairAddress: text,
    tokenAddress: text,
    tokenName: nullable(text),
    tokenTicker: nullable(text),
    tokenImage: nullable(text),
    tokenUri: nullable(text),
    tokenDecimals: nullable(integer),
    supply: nullable(number),
    protocol: nullable(text),
    displayProtocol: nullable(text),
    protocolDetails: nullable(record),
    deployerAddress: nullable(text),
    pairSolAccount: nullable(text),
    pairTokenAccount: nullable(text),
    signature: nullable(text),
    slot: nullable(integer),
    createdAtUs: ["createdAt", nullable(timeUs)],
    updatedAtUs: ["updatedAt", nullable(timeUs)],
    openTradingAtUs: ["openTrading", nullable(timeUs)],
    initialLiquiditySol: nullable(number),
    initialLiquidityToken: nullable(number),
    lpBurned: nullable(number),
    top10Holders: nullable(number),
    dexPaid: nullable(flag),
    mintAuthority: nullable(text),
    freezeAuthority: nullable(text),
    website: nullable(text),
    twitter: nullable(text),
    telegram: nullable(text),
    discord: nullable(text),
    extra: nullable(record),
    isWatchlisted: nullable(flag),
    pumpLiveStreamData: raw,
    twitterHandleHistory: raw,
    userCount: nullable(integer),
    devWalletFunding: nullable(readWalletFunding),
  }),
);

/** The pair of a pasted address, as `/clipboard-pair-info` has it. No capture of it was seen: only the addresses are sure to be there. */
export interface FoundPair {
  readonly pairAddress: string;
  readonly tokenAddress: string;
  readonly tokenTicker: string | null;
  readonly tokenName: string | null;
  readonly tokenDecimals: number | null;
  readonly supply: number | null;
  readonly liquiditySol: number | null;
  readonly liquidityToken: number | null;
  readonly protocol: string | null;
  readonly protocolDetails: OpenRecord | null;
  readonly createdAtUs: number | null;
  readonly tokenImage: string | null;
  readonly mintAuthority: string | null;
  readonly freezeAuthority: string | null;
  readonly lpBurned: number | null;
  readonly extra: OpenRecord | null;
}

export const parseFoundPair = parser(
  "clipboard-pair-info",
  objectOf<FoundPair>({
    pairAddress: text,
    tokenAddress: text,
    tokenTicker: nullable(text),
    tokenName: nullable(text),
    tokenDecimals: nullable(integer),
    supply: nullable(number),
    liquiditySol: nullable(number),
    liquidityToken: nullable(number),
    protocol: nullable(text),
    protocolDetails: nullable(record),
    createdAtUs: ["createdAt", nullable(timeUs)],
    tokenImage: nullable(text),
    mintAuthority: nullable(text),
    freezeAuthority: nullable(text),
    lpBurned: nullable(number),
    extra: nullable(record),
  }),
);

/** What was traded of a pair in one minute; minutes without a trade have no entry. */
export interface PairMinute {
  readonly startUs: number;
  readonly buyCount: number;
  readonly sellCount: number;
  readonly buyVolumeSol: number;
  readonly sellVolumeSol: number;
  readonly priceSol: number;
}

export const parsePairStats = parser(
  "pair-stats",
  listOf(
    "minute",
    objectOf<PairMinute>({
      startUs: ["createdAt", timeUs],
      buyCount: integer,
      sellCount: integer,
      buyVolumeSol: number,
      sellVolumeSol: number,
      priceSol: number,
    }),
  ),
);
