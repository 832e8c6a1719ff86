import { SUPPLY, type Token, type TokenTrade } from "../../models/axiom-token.ts";
import { figuresOf, isoOf, toSol, toTokens } from "./figures.ts";

type Json = Record<string, unknown>;

/** Address of a token's picture, as the venue builds it; every seventh pair has none. */
export function imageOf({ facts }: Token): string | null {
  return facts.serial % 7 === 6
    ? null
    : `https://axiomtrading.sfo3.cdn.digitaloceanspaces.com/${facts.tokenAddress}.webp`;
}

export function uriOf({ facts }: Token): string {
  return `https://metadata.example/${facts.tokenAddress}.json`;
}

/** `extra` of a pair: where it came from. */
export function extraOf({ facts }: Token): Json | null {
  return facts.migratedFrom === null
    ? null
    : { migratedFrom: facts.migratedFrom, pumpDeployerAddress: facts.dev.address };
}

/** `devWalletFunding` of a pair. */
export function fundingOf({ facts: { dev } }: Token): Json {
  const { walletAddress, signature, lamports, atMs } = dev.funding;
  return {
    walletAddress: dev.address,
    fundingWalletAddress: walletAddress,
    signature,
    amountSol: toSol(lamports),
    fundedAt: isoOf(atMs),
  };
}

/** `/token-info`. */
export function tokenInfo(token: Token): Json {
  const { top10, dev, snipers, insiders, bundlers, holders, bots } = figuresOf(token);
  return {
    top10HoldersPercent: top10,
    devHoldsPercent: dev,
    snipersHoldPercent: snipers,
    insidersHoldPercent: insiders,
    bundlersHoldPercent: bundlers,
    dexPaid: token.dexPaidMs > 0,
    dexPaidTime: token.dexPaidMs > 0 ? isoOf(token.dexPaidMs) : null,
    numHolders: holders,
    numBotUsers: bots,
    totalPairFeesPaid: toSol(token.feeLamports),
  };
}

/** `/pair-info`. */
export function pairInfo(token: Token): Json {
  const { facts } = token;
  return {
    pairAddress: facts.pairAddress,
    tokenAddress: facts.tokenAddress,
    tokenName: facts.tokenName,
    tokenTicker: facts.tokenTicker,
    tokenImage: imageOf(token),
    tokenUri: uriOf(token),
    tokenDecimals: 6,
    supply: SUPPLY,
    protocol: facts.protocol,
    displayProtocol: facts.protocol,
    protocolDetails: facts.protocolDetails,
    deployerAddress: facts.dev.address,
    pairSolAccount: facts.pairSolAccount,
    pairTokenAccount: facts.pairTokenAccount,
    signature: facts.signature,
    slot: facts.slot,
    createdAt: isoOf(facts.createdAtMs),
    updatedAt: isoOf(token.updatedAtMs),
    openTrading: isoOf(facts.openTradingMs),
    initialLiquiditySol: toSol(facts.initial.lamports),
    initialLiquidityToken: toTokens(facts.initial.raw),
    lpBurned: facts.lpBurnedPercent,
    top10Holders: figuresOf(token).top10,
    dexPaid: token.dexPaidMs > 0,
    mintAuthority: null,
    freezeAuthority: null,
    website: facts.website,
    twitter: facts.twitter,
    telegram: facts.telegram,
    discord: null,
    extra: extraOf(token),
    isWatchlisted: false,
    pumpLiveStreamData: null,
    twitterHandleHistory: [],
    userCount: token.viewers,
    devWalletFunding: fundingOf(token),
  };
}

/** `/clipboard-pair-info`. */
export function clipboardPairInfo(token: Token): Json {
  const { facts } = token;
  const { liquiditySol, liquidityToken } = figuresOf(token);
  return {
    tokenAddress: facts.tokenAddress,
    tokenTicker: facts.tokenTicker,
    tokenName: facts.tokenName,
    tokenDecimals: 6,
    supply: SUPPLY,
    liquiditySol,
    liquidityToken,
    pairAddress: facts.pairAddress,
    protocol: facts.protocol,
    protocolDetails: facts.protocolDetails,
    createdAt: isoOf(facts.createdAtMs),
    tokenImage: imageOf(token),
    mintAuthority: null,
    freezeAuthority: null,
    lpBurned: facts.lpBurnedPercent,
    extra: extraOf(token),
  };
}

/** One element of `/search-v3`. */
export function searchResult(token: Token): Json {
  const { facts } = token;
  const { liquiditySol, marketCapSol } = figuresOf(token);
  return {
    tokenAddress: facts.tokenAddress,
    tokenTicker: facts.tokenTicker,
    tokenName: facts.tokenName,
    tokenImage: imageOf(token),
    tokenDecimals: 6,
    supply: SUPPLY,
    liquiditySol,
    marketCapSol,
    volumeSol: toSol(token.volumeLamports),
    createdAt: isoOf(facts.createdAtMs),
    pairAddress: facts.pairAddress,
    protocol: facts.protocol,
    website: facts.website,
    twitter: facts.twitter,
    telegram: facts.telegram,
  };
}

/** Content of room `new_pairs`: snake case, and no price. */
export function newPair(token: Token): Json {
  const { facts } = token;
  const { top10, dev, snipers } = figuresOf(token);
  return {
    pair_address: facts.pairAddress,
    signature: facts.signature,
    token_address: facts.tokenAddress,
    token_name: facts.tokenName,
    token_ticker: facts.tokenTicker,
    token_image: imageOf(token),
    token_uri: uriOf(token),
    token_decimals: 6,
    pair_sol_account: facts.pairSolAccount,
    pair_token_account: facts.pairTokenAccount,
    protocol: facts.protocol,
    protocol_details: facts.protocolDetails,
    created_at: isoOf(facts.createdAtMs),
    website: facts.website,
    twitter: facts.twitter,
    telegram: facts.telegram,
    discord: null,
    mint_authority: null,
    freeze_authority: null,
    open_trading: isoOf(facts.openTradingMs),
    deployer_address: facts.dev.address,
    supply: SUPPLY,
    initial_liquidity_sol: toSol(facts.initial.lamports),
    initial_liquidity_token: toTokens(facts.initial.raw),
    top_10_holders: top10,
    lp_burned: facts.lpBurnedPercent,
    updated_at: isoOf(token.updatedAtMs),
    extra: extraOf(token),
    slot: facts.slot,
    display_protocol: facts.protocol,
    dev_holds_percent: dev,
    snipers_hold_percent: snipers,
  };
}

/** `/last-transaction`, and an element of the older transaction feeds. */
export function transactionJson(trade: TokenTrade): Json {
  return {
    signature: trade.signature,
    pairAddress: trade.token.facts.pairAddress,
    type: trade.type,
    createdAt: isoOf(trade.atMs),
    liquiditySol: toSol(trade.pool.lamports),
    liquidityToken: toTokens(trade.pool.raw),
    makerAddress: trade.trader.address,
    priceSol: priceSolOf(trade),
    priceUsd: priceSolOf(trade) * trade.solUsd,
    tokenAmount: toTokens(trade.raw),
    totalSol: toSol(trade.lamports),
    totalUsd: toSol(trade.lamports) * trade.solUsd,
    innerIndex: 0,
    outerIndex: 3,
    f: toSol(trade.feeLamports),
  };
}

/** Content of room `v:WALLET`: snake case. */
export function walletTrade(trade: TokenTrade): Json {
  const { facts } = trade.token;
  return {
    created_at: isoOf(trade.atMs),
    liquidity_sol: toSol(trade.pool.lamports),
    liquidity_token: toTokens(trade.pool.raw),
    maker_address: trade.trader.address,
    price_sol: priceSolOf(trade),
    price_usd: priceSolOf(trade) * trade.solUsd,
    signature: trade.signature,
    token_amount: toTokens(trade.raw),
    total_sol: toSol(trade.lamports),
    total_usd: toSol(trade.lamports) * trade.solUsd,
    type: trade.type,
    pair_address: facts.pairAddress,
    f: toSol(trade.feeLamports),
    pair: {
      tokenAddress: facts.tokenAddress,
      tokenName: facts.tokenName,
      tokenTicker: facts.tokenTicker,
      tokenImage: imageOf(trade.token),
      protocol: facts.protocol,
      protocolDetails: facts.protocolDetails,
      supply: SUPPLY,
      tokenDecimals: 6,
      pairCreatedAt: isoOf(facts.createdAtMs),
      extra: extraOf(trade.token),
    },
  };
}

/** SOL for one token in a trade: what was paid by what was got. */
export function priceSolOf({ lamports, raw }: TokenTrade): number {
  return lamports / raw / 1000;
}
