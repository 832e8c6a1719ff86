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
  record,
  text,
  timeUs,
} from "./read.ts";

/** A token of a dev. */
export interface DevToken {
  readonly tokenAddress: string;
  readonly pairAddress: string;
  readonly tokenName: string | null;
  readonly tokenTicker: string | null;
  readonly createdAtUs: number | null;
  readonly migrated: boolean | null;
  readonly priceSol: number | null;
  readonly supply: number | null;
  readonly protocol: string | null;
}

/** Tokens of a dev, and how many there are of them in all. */
export interface DevTokens {
  readonly tokens: readonly (DevToken & MoreFields)[];
  readonly counts: { readonly totalCount: number; readonly migratedCount: number } | null;
}

export const parseDevTokens = parser(
  "dev-tokens-v2",
  objectOf<DevTokens>({
    tokens: listOf(
      "token",
      objectOf<DevToken>({
        tokenAddress: text,
        pairAddress: text,
        tokenName: nullable(text),
        tokenTicker: nullable(text),
        createdAtUs: ["createdAt", nullable(timeUs)],
        migrated: nullable(flag),
        priceSol: nullable(number),
        supply: nullable(number),
        protocol: nullable(text),
      }),
    ),
    counts: nullable(
      objectOf<{ totalCount: number; migratedCount: number }>({ totalCount: integer, migratedCount: integer }),
    ),
  }),
);

/** A token like the one asked about. */
export interface RelatedToken {
  readonly tokenAddress: string;
  readonly tokenTicker: string | null;
  readonly tokenName: string | null;
  readonly pairAddress: string | null;
  /** In which currency is not known. */
  readonly marketCap: number | null;
  readonly createdAtUs: number | null;
  readonly lastTradeAtUs: number | null;
  readonly image: string | null;
  readonly migrated: boolean | null;
  readonly bondingCurvePercent: number | null;
}

/** What the venue makes of a token's dev and of tokens with its ticker. No capture of it was seen. */
export interface TokenAnalysis {
  readonly creatorRiskLevel: string | null;
  readonly creatorRugCount: number | null;
  readonly creatorTokenCount: number | null;
  readonly topMarketCapCoins: readonly (RelatedToken & MoreFields)[] | null;
  readonly topOgCoins: readonly (RelatedToken & MoreFields)[] | null;
  readonly reusedImageOgTokens: readonly (RelatedToken & MoreFields)[] | null;
}

const readRelatedTokens = nullable(
  listOf(
    "token",
    objectOf<RelatedToken>({
      tokenAddress: text,
      tokenTicker: nullable(text),
      tokenName: nullable(text),
      pairAddress: nullable(text),
      marketCap: nullable(number),
      createdAtUs: ["createdAt", nullable(timeUs)],
      lastTradeAtUs: ["lastTradeTime", nullable(timeUs)],
      image: nullable(text),
      migrated: nullable(flag),
      bondingCurvePercent: nullable(number),
    }),
  ),
);

export const parseTokenAnalysis = parser(
  "token-analysis",
  objectOf<TokenAnalysis>({
    creatorRiskLevel: nullable(text),
    creatorRugCount: nullable(integer),
    creatorTokenCount: nullable(integer),
    topMarketCapCoins: readRelatedTokens,
    topOgCoins: readRelatedTokens,
    reusedImageOgTokens: readRelatedTokens,
  }),
);

/** A hit of a search. */
export interface SearchHit {
  readonly tokenAddress: string;
  readonly tokenTicker: string | null;
  readonly tokenName: string | null;
  readonly tokenImage: string | null;
  readonly tokenDecimals: number | null;
  readonly supply: number | null;
  readonly liquiditySol: number | null;
  readonly marketCapSol: number | null;
  readonly volumeSol: number | null;
  readonly createdAtUs: number | null;
  readonly pairAddress: string;
  readonly protocol: string | null;
  readonly website: string | null;
  readonly twitter: string | null;
  readonly telegram: string | null;
}

export const parseSearch = parser(
  "search-v3",
  listOf(
    "hit",
    objectOf<SearchHit>({
      tokenAddress: text,
      tokenTicker: nullable(text),
      tokenName: nullable(text),
      tokenImage: nullable(text),
      tokenDecimals: nullable(integer),
      supply: nullable(number),
      liquiditySol: nullable(number),
      marketCapSol: nullable(number),
      volumeSol: nullable(number),
      createdAtUs: ["createdAt", nullable(timeUs)],
      pairAddress: text,
      protocol: nullable(text),
      website: nullable(text),
      twitter: nullable(text),
      telegram: nullable(text),
    }),
  ),
);

/** A new pair as the room `new_pairs` announces it. A migration is one whose `extra.migratedFrom` is set. It has no price. */
export interface NewPair {
  readonly pairAddress: string;
  readonly tokenAddress: string;
  readonly signature: string | null;
  readonly tokenName: string | null;
  readonly tokenTicker: string | null;
  readonly tokenImage: string | null;
  readonly tokenUri: string | null;
  readonly tokenDecimals: number | null;
  readonly pairSolAccount: string | null;
  readonly pairTokenAccount: string | null;
  readonly protocol: string | null;
  readonly protocolDetails: OpenRecord | null;
  readonly displayProtocol: string | null;
  readonly createdAtUs: number | null;
  readonly updatedAtUs: number | null;
  readonly openTradingAtUs: number | null;
  readonly website: string | null;
  readonly twitter: string | null;
  readonly telegram: string | null;
  readonly discord: string | null;
  readonly mintAuthority: string | null;
  readonly freezeAuthority: string | null;
  readonly deployerAddress: string | null;
  readonly supply: number | null;
  readonly initialLiquiditySol: number | null;
  readonly initialLiquidityToken: number | null;
  readonly top10Holders: number | null;
  readonly lpBurned: number | null;
  readonly extra: OpenRecord | null;
  readonly slot: number | null;
  readonly devHoldsPercent: number | null;
  readonly snipersHoldPercent: number | null;
}

export const parseNewPair = parser(
  "new_pairs room",
  objectOf<NewPair>({
    pairAddress: ["pair_address", text],
    tokenAddress: ["token_address", text],
    signature: nullable(text),
    tokenName: ["token_name", nullable(text)],
    tokenTicker: ["token_ticker", nullable(text)],
    tokenImage: ["token_image", nullable(text)],
    tokenUri: ["token_uri", nullable(text)],
    tokenDecimals: ["token_decimals", nullable(integer)],
    pairSolAccount: ["pair_sol_account", nullable(text)],
    pairTokenAccount: ["pair_token_account", nullable(text)],
    protocol: nullable(text),
    protocolDetails: ["protocol_details", nullable(record)],
    displayProtocol: ["display_protocol", nullable(text)],
    createdAtUs: ["created_at", nullable(timeUs)],
    updatedAtUs: ["updated_at", nullable(timeUs)],
    openTradingAtUs: ["open_trading", nullable(timeUs)],
    website: nullable(text),
    twitter: nullable(text),
    telegram: nullable(text),
    discord: nullable(text),
    mintAuthority: ["mint_authority", nullable(text)],
    freezeAuthority: ["freeze_authority", nullable(text)],
    deployerAddress: ["deployer_address", nullable(text)],
    supply: nullable(number),
    initialLiquiditySol: ["initial_liquidity_sol", nullable(number)],
    initialLiquidityToken: ["initial_liquidity_token", nullable(number)],
    top10Holders: ["top_10_holders", nullable(number)],
    lpBurned: ["lp_burned", nullable(number)],
    extra: nullable(record),
    slot: nullable(integer),
    devHoldsPercent: ["dev_holds_percent", nullable(number)],
    snipersHoldPercent: ["snipers_hold_percent", nullable(number)],
  }),
);
