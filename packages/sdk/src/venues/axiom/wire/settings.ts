import { flag, listOf, type MoreFields, mapOf, nullable, objectOf, parser, raw, text, timeUs } from "./read.ts";

/** How a trade is sent. Amounts are the venue's own decimal text; slippage in percent, fees in SOL. */
export interface TradePreset {
  readonly slippage: string | null;
  readonly priorityFeeSol: string | null;
  /** The tip to the relay that includes the transaction. */
  readonly bribeFeeSol: string | null;
  readonly maxFeeSol: string | null;
  readonly autoFee: boolean | null;
  readonly mevProtection: boolean | null;
  readonly enhancedMevProtection: boolean | null;
  readonly customRpcUrl: string | null;
}

/** The presets of one key, `preset1` say. */
export interface TradePresets {
  readonly buy: TradePreset & MoreFields;
  readonly sell: TradePreset & MoreFields;
}

/** The user's settings: what matters to trading by name, the other hundreds as they come, in `moreFields`. */
export interface Settings {
  readonly solPresets: ReadonlyMap<string, TradePresets & MoreFields> | null;
  readonly currentSolPresetKey: string | null;
  readonly solQuickSets: readonly string[] | null;
  readonly solSellQuickSets: readonly string[] | null;
  readonly percentageQuickSets: readonly string[] | null;
  readonly quickSellPercentage: string | null;
  readonly autoCloseTokenAccounts: boolean | null;
  readonly useTradingStrategies: boolean | null;
  /** Their form is not known. */
  readonly tradingStrategies: unknown;
  readonly selectedCurrency: string | null;
  readonly lastUpdatedAtUs: number | null;
}

const readPreset = objectOf<TradePreset>({
  slippage: nullable(text),
  priorityFeeSol: nullable(text),
  bribeFeeSol: nullable(text),
  maxFeeSol: nullable(text),
  autoFee: nullable(flag),
  mevProtection: nullable(flag),
  enhancedMevProtection: nullable(flag),
  customRpcUrl: nullable(text),
});

const readTexts = nullable(listOf("item", text));

export const parseSettings: (value: unknown) => Settings & MoreFields = parser(
  "get-settings",
  objectOf<Settings>({
    solPresets: nullable(mapOf(objectOf<TradePresets>({ buy: readPreset, sell: readPreset }))),
    currentSolPresetKey: nullable(text),
    solQuickSets: readTexts,
    solSellQuickSets: readTexts,
    percentageQuickSets: readTexts,
    quickSellPercentage: nullable(text),
    autoCloseTokenAccounts: nullable(flag),
    useTradingStrategies: nullable(flag),
    tradingStrategies: raw,
    selectedCurrency: nullable(text),
    lastUpdatedAtUs: ["lastUpdatedAt", nullable(timeUs)],
  }),
);
