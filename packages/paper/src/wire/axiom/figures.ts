import { bondingPercent } from "../../models/axiom-births.ts";
import { priceSol } from "../../models/axiom-swap.ts";
import {
  type Holding,
  LAMPORTS_PER_SOL,
  type Minute,
  RAW_PER_TOKEN,
  SUPPLY,
  SUPPLY_RAW,
  type Token,
} from "../../models/axiom-token.ts";

/** What is shown of a pair, worked out from its pool and holders. Percents are 0 to 100, amounts floats as the venue sends them. */
export interface Figures {
  readonly priceSol: number;
  readonly marketCapSol: number;
  readonly liquiditySol: number;
  readonly liquidityToken: number;
  readonly bondingPercent: number;
  readonly holders: number;
  readonly bots: number;
  readonly top10: number;
  readonly dev: number;
  readonly snipers: number;
  readonly insiders: number;
  readonly bundlers: number;
}

export function figuresOf(token: Token): Figures {
  const held = holdersOf(token);
  const share = (holdings: readonly Holding[]) => percent(holdings.reduce((sum, { raw }) => sum + raw, 0));
  const price = priceSol(token.pool);
  return {
    priceSol: price,
    marketCapSol: price * SUPPLY,
    liquiditySol: toSol(token.pool.lamports),
    liquidityToken: toTokens(token.pool.raw),
    bondingPercent: bondingPercent(token),
    holders: held.length,
    bots: held.filter(({ trader }) => trader.isProUser).length,
    top10: share(held.slice(0, 10)),
    dev: share(held.filter(({ trader }) => trader === token.facts.dev)),
    snipers: share(held.filter(({ trader }) => trader.isSniper)),
    insiders: share(held.filter(({ trader }) => trader.isInsider)),
    bundlers: share(held.filter(({ trader }) => trader.isBundler)),
  };
}

/** Who holds some of it, the largest first; the pool is not among them. */
export function holdersOf(token: Token): Holding[] {
  return [...token.holdings.values()].filter(({ raw }) => raw > 0).sort((a, b) => b.raw - a.raw);
}

export function toSol(lamports: number): number {
  return lamports / LAMPORTS_PER_SOL;
}

export function toTokens(raw: number): number {
  return raw / RAW_PER_TOKEN;
}

/** Time as the venue writes it: ISO 8601, UTC, with milliseconds. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** The minutes of `token` from `fromMs` on. */
export function minutesSince(token: Token, fromMs: number): readonly Minute[] {
  return token.minutes.items.slice(token.minutes.firstAtLeast(fromMs, ({ startMs }) => startMs));
}

/** SOL price at `atMs`: of the last minute that was over by then; the first price known where there is none. */
export function priceAt(token: Token, atMs: number): number {
  const next = token.minutes.firstAtLeast(atMs - 59_999, ({ startMs }) => startMs);
  return token.minutes.items[next - 1]?.close ?? token.minutes.items[0]?.open ?? priceSol(token.pool);
}

function percent(raw: number): number {
  return (raw / SUPPLY_RAW) * 100;
}
