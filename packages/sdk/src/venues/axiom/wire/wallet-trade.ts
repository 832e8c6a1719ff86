import {
  integer,
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

/** The pair that a wallet traded. */
export interface TradedPair {
  readonly tokenAddress: string | null;
  readonly tokenName: string | null;
  readonly tokenTicker: string | null;
  readonly tokenImage: string | null;
  readonly protocol: string | null;
  readonly protocolDetails: OpenRecord | null;
  readonly supply: number | null;
  readonly tokenDecimals: number | null;
  readonly pairCreatedAtUs: number | null;
  readonly extra: OpenRecord | null;
}

/** A trade as the room `v:WALLET` tells it. No capture was seen: only what makes it a trade is sure to be there. */
export interface WalletTrade {
  readonly signature: string;
  readonly createdAtUs: number | null;
  /** `buy`, `sell`; an open set. */
  readonly type: string;
  readonly makerAddress: string | null;
  readonly pairAddress: string | null;
  readonly liquiditySol: number | null;
  readonly liquidityToken: number | null;
  readonly priceSol: number | null;
  readonly priceUsd: number | null;
  readonly tokenAmount: number | null;
  readonly totalSol: number | null;
  readonly totalUsd: number | null;
  readonly feeSol: number | null;
  readonly pair: (TradedPair & MoreFields) | null;
}

export const parseWalletTrade: (value: unknown) => WalletTrade & MoreFields = parser(
  "wallet room",
  objectOf<WalletTrade>({
    signature: text,
    createdAtUs: ["created_at", nullable(timeUs)],
    type: text,
    makerAddress: ["maker_address", nullable(text)],
    pairAddress: ["pair_address", nullable(text)],
    liquiditySol: ["liquidity_sol", nullable(number)],
    liquidityToken: ["liquidity_token", nullable(number)],
    priceSol: ["price_sol", nullable(number)],
    priceUsd: ["price_usd", nullable(number)],
    tokenAmount: ["token_amount", nullable(number)],
    totalSol: ["total_sol", nullable(number)],
    totalUsd: ["total_usd", nullable(number)],
    feeSol: ["f", nullable(number)],
    pair: nullable(
      objectOf<TradedPair>({
        tokenAddress: nullable(text),
        tokenName: nullable(text),
        tokenTicker: nullable(text),
        tokenImage: nullable(text),
        protocol: nullable(text),
        protocolDetails: nullable(record),
        supply: nullable(number),
        tokenDecimals: nullable(integer),
        pairCreatedAtUs: ["pairCreatedAt", nullable(timeUs)],
        extra: nullable(record),
      }),
    ),
  }),
);
