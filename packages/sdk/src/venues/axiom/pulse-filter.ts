import { checkObject } from "../../checks.ts";

/** Bounds, both included; null is open. */
export interface PulseRange {
  readonly min: number | null;
  readonly max: number | null;
}

/** Bounds on an age. */
export interface PulseAge extends PulseRange {
  readonly unit: "minutes";
}

const RANGES = [
  ...([
    "fees",
    "txns",
    "bundle",
    "volume",
    "holders",
    "numBuys",
    "numSells",
    "snipers",
    "insiders",
    "botUsers",
  ] as const),
  ...(["twitter", "liquidity", "marketCap", "userCount", "devHolding", "numDevPairs", "bondingCurve"] as const),
  ...(["top10Holders", "numMigrations", "twitterFollowers", "twitterFollowing"] as const),
] as const;
const FLAGS = [
  ...(["dexPaid", "website", "telegram", "mustEndInPump", "twitterExists", "atLeastOneSocial"] as const),
  ...(["showPumpOffchain", "showAgents", "showCashback", "isStreaming"] as const),
] as const;
const LISTS = ["searchKeywords", "excludeKeywords", "twitterHandles"] as const;
const PROTOCOLS = [
  ...["bags", "bonk", "boop", "pump", "soar", "sugar", "surge", "candle", "heaven", "mayhem", "bonkers", "daosFun"],
  ...["pumpAmm", "raydium", "liquidAf", "moonshot", "launchLab", "meteoraAmm", "launchACoin", "liquidAfAmm"],
  ...["moonshotApp", "meteoraAmmV2", "virtualCurve", "jupiterStudio"],
] as const;

/**
 * What a Pulse table shows. Made by `pulseFilter`, which leaves nothing out: what the venue makes of a filter that lacks a part is
 * not known.
 */
export type PulseFilter = { readonly [K in (typeof RANGES)[number]]: PulseRange } & {
  readonly [K in (typeof FLAGS)[number]]: boolean;
} & { readonly [K in (typeof LISTS)[number]]: readonly string[] } & {
  readonly age: PulseAge;
  readonly tweetAgeMins: PulseAge;
  readonly showQuoteTokens: { readonly sol: boolean; readonly usdc: boolean; readonly usd1: boolean };
  /** By the venue's own keys, of which it adds new ones. */
  readonly protocols: Readonly<Record<string, boolean>>;
};

/**
 * A filter that lets everything pass but what `parts` say.
 *
 * @example
 * const young = pulseFilter({ age: { min: null, max: 30, unit: "minutes" }, holders: { min: 50, max: null } });
 */
export function pulseFilter(parts: Partial<PulseFilter> = {}): PulseFilter {
  checkObject("parts", parts);
  const open: PulseRange = { min: null, max: null };
  const each = <K extends string, V>(names: readonly K[], value: V) =>
    Object.fromEntries(names.map((name) => [name, value])) as Record<K, V>;
  return {
    ...each(RANGES, open),
    ...each(FLAGS, false),
    ...each<(typeof LISTS)[number], readonly string[]>(LISTS, []),
    age: { ...open, unit: "minutes" },
    tweetAgeMins: { ...open, unit: "minutes" },
    ...{ showPumpOffchain: true, showAgents: true, showCashback: true },
    showQuoteTokens: { sol: true, usdc: true, usd1: true },
    protocols: each(PROTOCOLS, true),
    ...parts,
  };
}
