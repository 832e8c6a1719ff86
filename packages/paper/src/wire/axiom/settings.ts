import type { User } from "./users.ts";

const preset = (slippage: string) => ({
  autoFee: false,
  slippage,
  maxFeeSol: "0.1",
  bribeFeeSol: "0.01",
  customRpcUrl: "",
  mevProtection: false,
  priorityFeeSol: "0.001",
  enhancedMevProtection: false,
});

const RANGES = (
  "fees txns bundle volume holders numBuys numSells snipers insiders botUsers twitter liquidity marketCap userCount devHolding " +
  "numDevPairs bondingCurve top10Holders numMigrations twitterFollowers twitterFollowing"
).split(" ");
const FLAGS =
  "dexPaid website telegram mustEndInPump twitterExists atLeastOneSocial showPumpOffchain showAgents showCashback isStreaming".split(
    " ",
  );
const PROTOCOLS = (
  "bags bonk boop pump soar sugar surge candle heaven mayhem bonkers daosFun pumpAmm raydium liquidAf moonshot launchLab " +
  "meteoraAmm launchACoin liquidAfAmm moonshotApp meteoraAmmV2 virtualCurve jupiterStudio"
).split(" ");

/** A filter that lets everything pass, in the form of the settings and of the Pulse socket. */
export function openFilter(): Record<string, unknown> {
  const every = (names: readonly string[], value: () => unknown) => names.map((name) => [name, value()]);
  return {
    ...Object.fromEntries(every(RANGES, () => ({ min: null, max: null }))),
    age: { min: null, max: null, unit: "minutes" },
    tweetAgeMins: { min: null, max: null, unit: "minutes" },
    ...Object.fromEntries(every(FLAGS, () => false)),
    searchKeywords: [],
    excludeKeywords: [],
    twitterHandles: [],
    showQuoteTokens: { sol: true, usdc: true, usd1: true },
    protocols: Object.fromEntries(every(PROTOCOLS, () => true)),
  };
}

/** `/get-settings`: what matters to trading of the venue's hundreds of keys. Numbers are texts there. */
export function settingsOf(user: User, nowMs: number): Record<string, unknown> {
  const buyAndSell = () => ({ buy: preset("20"), sell: preset("40") });
  return {
    solPresets: { preset1: buyAndSell(), preset2: buyAndSell(), preset3: buyAndSell() },
    currentSolPresetKey: "preset1",
    solQuickSets: ["0.1", "0.5", "1", "2"],
    solSellQuickSets: ["0.1", "0.5", "1", "2"],
    percentageQuickSets: ["10", "25", "50", "100"],
    quickSellPercentage: "25",
    tradingStrategies: [],
    useTradingStrategies: false,
    autoCloseTokenAccounts: true,
    selectedCurrency: "USD",
    solWalletsAndGroups: user.wallets.map(({ address }) => ({ type: "wallet", address })),
    blacklistedDevAddresses: [],
    hiddenPulseTokenAddresses: [],
    lastUpdatedAt: nowMs,
    discoverTimePeriod: "1h",
    discoverFilters: openFilter(),
    pulseFilters: { newPairs: openFilter(), finalStretch: openFilter(), migrated: openFilter() },
  };
}
