import type { Instrument } from "@pitlane/sdk";
import type { HookEntry } from "../hooks/kinds.ts";
import type { Tier } from "./result.ts";

/** Kinds that a strategy lives on, by the tier that tells them; bars of a length of their own are made of trades, or of bars. */
const TOLD: Readonly<Record<Tier, readonly string[]>> = {
  bars: ["bar", "every"],
  trades: ["trade", "every"],
  depth: ["quote", "book", "trade", "every"],
};
const KINDS = new Set(["quote", "book", "trade", "bar"]);

/** What data of a tier are read from. */
const SOURCES: Readonly<Record<Tier, string>> = { bars: "candles", trades: "trades", depth: "recordings and journals" };

/** A kind that one plugin listens to and nothing tells. */
interface Unheard {
  readonly kind: string;
  readonly tiers: ReadonlySet<Tier>;
}

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
  const unheard = new Map<number, Map<string, Unheard>>();
  const hearing = new Set<number>();
  for (const { kind, instrument, owner, every, optional = false } of hooks) {
    if (!KINDS.has(kind)) continue;
    const wanted = instrument === undefined ? [...tiers.keys()] : [instrument].flat();
    const need = every !== undefined && kind === "bar" ? "every" : kind;
    if (wanted.some((one) => TOLD[tiers.get(one) ?? "bars"].includes(need))) hearing.add(owner);
    else if (!optional) {
      const kinds = unheard.get(owner) ?? new Map<string, Unheard>();
      kinds.set(kind, { kind, tiers: new Set(wanted.map((one) => tiers.get(one) ?? "bars")) });
      unheard.set(owner, kinds);
    }
  }
  return [...unheard].flatMap(([owner, kinds]) => {
    const isDeaf = !hearing.has(owner);
    return [...kinds.values()].map((one) => sentence(names[owner] ?? "", one, isDeaf));
  });
}

function sentence(name: string, { kind, tiers }: Unheard, isDeaf: boolean): string {
  const told = [...tiers].flatMap((tier) => TOLD[tier].filter((one) => one !== "every").map((one) => `"${one}"`));
  const others = (Object.keys(TOLD) as Tier[]).filter((tier) => TOLD[tier].includes(kind));
  const data = others.map((tier) => `data of tier ${tier} (${SOURCES[tier]})`).join(" or ");
  const remedy = kind === "bar" ? `name its length, as in { every: "1m" }, or take ${data}` : `take ${data}`;
  const who = isDeaf ? `${name} hears nothing of the market: it` : name;
  return `${who} listens to "${kind}" events, and data of tier ${[...tiers].join(" and ")} tell ${told.join(", ")}; ${remedy}`;
}
