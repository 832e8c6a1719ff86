import type { Instrument } from "@pitlane/sdk";
import type { HookEntry } from "../hooks/kinds.ts";
import type { Tier } from "./result.ts";

/** Kinds that a strategy lives on, by the tier that tells them; bars of a length of their own are made of trades. */
const TOLD: Readonly<Record<Tier, readonly string[]>> = {
  bars: ["bar"],
  trades: ["trade", "every"],
  depth: ["quote", "book", "trade", "every"],
};
const KINDS = new Set(["quote", "book", "trade", "bar"]);

/**
 * What strategies listen to and these data never tell, a sentence for each plugin and kind: a backtest without an order is then no news
 * about the strategy. Pure.
 *
 * @param names Of the plugins, by owner.
 * @param tiers Of each instrument of the backtest.
 */
export function unheardKinds(
  hooks: readonly HookEntry[],
  names: readonly string[],
  tiers: ReadonlyMap<Instrument, Tier>,
): readonly string[] {
  const found = new Set<string>();
  for (const { kind, instrument, owner, every } of hooks) {
    if (!KINDS.has(kind)) continue;
    const wanted = instrument === undefined ? [...tiers.keys()] : [instrument].flat();
    const needed = every !== undefined && kind === "bar" ? ["bar", "every"] : [kind];
    if (wanted.some((one) => needed.some((need) => TOLD[tiers.get(one) ?? "bars"].includes(need)))) continue;
    const remedy = kind === "bar" ? 'name its length, as in { every: "1m" }' : "take data that have it";
    const kinds = [...new Set(wanted.map((one) => tiers.get(one)))].join(" and ");
    found.add(`${names[owner]} listens to ${kind} events, which data of tier ${kinds} never tell: ${remedy}`);
  }
  return [...found];
}
