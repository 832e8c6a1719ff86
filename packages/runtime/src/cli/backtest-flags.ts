import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { ASSET_DECIMALS, formatUnits, parseUnits } from "@pitlane/sdk";
import type { FillModelOptions, LatencyModel, SimFees, SimLatencyOptions } from "../backtest/options.ts";
import type { InstrumentHints } from "../backtest/readers/data-instrument.ts";
import { parseStep } from "../backtest/readers/decimal-scale.ts";
import { readLatencies } from "../backtest/readers/latency-file.ts";
import { parseTimeUs } from "../backtest/readers/time-text.ts";
import type { Tier } from "../backtest/result.ts";

const TIERS: readonly string[] = ["bars", "trades", "depth"] satisfies Tier[];
const UNIT_US: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1e6 };
const LONG_UNIT_US: Readonly<Record<string, number>> = { s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6, w: 604_800e6 };

/** A point in time from a flag. @throws {InvalidInputError} When it is none. */
export function parseTime(flag: string, text: string): number {
  const us = parseTimeUs(text.trim());
  if (Number.isFinite(us)) return us;
  throw new InvalidInputError(
    `${flag} must be a time such as 2024-08-08, 2024-08-08T12:30:00Z or Unix time; got "${text}"`,
  );
}

/** @throws {InvalidInputError} When it is no tier. */
export function parseTier(text: string): Tier {
  if (TIERS.includes(text)) return text as Tier;
  throw new InvalidInputError(`--tier must be one of ${TIERS.join(", ")}; got "${text}"`);
}

/** `MAKER,TAKER` in basis points. @throws {InvalidInputError} When it is not two numbers. */
export function parseFees(text: string): SimFees {
  const match = /^(-?\d+(?:\.\d{1,2})?),(-?\d+(?:\.\d{1,2})?)$/.exec(text.replace(/\s/g, ""));
  if (match !== null) return { makerBps: Number(match[1]), takerBps: Number(match[2]) };
  throw new InvalidInputError(`--fees must be maker,taker in basis points such as 10,10 or -1,4.5; got "${text}"`);
}

/** `ASSET=AMOUNT`, several. @throws {InvalidInputError} When one has another form, or an asset comes twice. */
export function parseBalances(texts: readonly string[]): ReadonlyMap<string, bigint> {
  const balances = new Map<string, bigint>();
  for (const text of texts) {
    const match = /^([A-Za-z0-9]{1,20})=(\d+(?:\.\d+)?)$/.exec(text.trim());
    if (match === null) throw new InvalidInputError(`--balance must be such as USDT=10000; got "${text}"`);
    const asset = (match[1] as string).toUpperCase();
    if (balances.has(asset)) throw new InvalidInputError(`--balance names ${asset} twice: give one amount`);
    balances.set(asset, parseUnits(match[2] as string, ASSET_DECIMALS));
  }
  return balances;
}

/** @throws {InvalidInputError} When one is of an asset that no instrument has, which nothing could use. */
export function checkBalances(
  balances: ReadonlyMap<string, bigint>,
  instruments: readonly { readonly base: string; readonly quote: string }[],
): void {
  const assets = new Set(instruments.flatMap(({ base, quote }) => [base, quote]));
  for (const [asset, units] of balances) {
    if (!assets.has(asset))
      throw new InvalidInputError(
        `--balance ${asset}=${formatUnits(units)}: the data have ${[...assets].join(", ")} alone, and fees are paid from what an order receives: leave it out`,
      );
  }
}

const FILL_KEYS: Readonly<Record<string, keyof FillModelOptions>> = {
  volumeShare: "bars",
  slippageTicks: "bars",
  lateShare: "bars",
  halfSpreadTicks: "trades",
  aheadLots: "trades",
  queue: "depth",
};

/** `KEY=VALUE`, several: settings of the fill models. @throws {InvalidInputError} When a key is none of them, or its value no number where it must be. */
export function parseFillModel(texts: readonly string[]): FillModelOptions {
  const found: Partial<Record<keyof FillModelOptions, Record<string, unknown>>> = {};
  for (const text of texts) {
    const [key = "", value = ""] = text.split("=").map((part) => part.trim());
    const tier = FILL_KEYS[key];
    const number = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
    if (tier === undefined || (key !== "queue" && number === undefined))
      throw new InvalidInputError(
        `--fill must be one of ${Object.keys(FILL_KEYS).join(", ")} with its value, such as volumeShare=0.05 or queue=log; got "${text}"`,
      );
    found[tier] = {
      ...found[tier],
      [key]: key === "queue" && number !== undefined ? { power: number } : (number ?? value),
    };
  }
  return found as FillModelOptions; // the engine checks the values
}

/** @throws {InvalidInputError} When a setting is of a tier that is not played, and would do nothing. */
export function checkFillTiers(fillModel: FillModelOptions, tiers: readonly Tier[]): void {
  for (const [key, tier] of Object.entries(FILL_KEYS)) {
    if (tiers.includes(tier) || !Object.hasOwn(fillModel[tier] ?? {}, key)) continue;
    const played = Object.keys(FILL_KEYS).filter((one) => tiers.includes(FILL_KEYS[one] as Tier));
    const remedy = tier === "trades" && tiers.includes("depth") ? "leave it out, or add --tier trades" : "leave it out";
    const of = tiers.join(" and ");
    throw new InvalidInputError(
      `--fill ${key} is of tier ${tier}, and the data are of tier ${of}: ${remedy}; of ${of} there ${played.length === 1 ? "is" : "are"} ${played.join(", ")}`,
    );
  }
}

/** What is said of an instrument by flags. @throws {InvalidInputError} When a step or amount is no decimal. */
export function parseHints(flags: {
  readonly symbol?: string;
  readonly tick?: string;
  readonly lot?: string;
  readonly minNotional?: string;
}): InstrumentHints {
  const { symbol, tick, lot, minNotional } = flags;
  return {
    symbol,
    tick: tick === undefined ? undefined : parseStep("--tick", tick),
    lot: lot === undefined ? undefined : parseStep("--lot", lot),
    minNotional: minNotional === undefined ? undefined : parseAmount("--min-notional", minNotional),
  };
}

function parseAmount(name: string, text: string): bigint {
  try {
    return parseUnits(text);
  } catch (error) {
    throw new InvalidInputError(`${name} must be an amount such as 5 or 0.01; got "${text}"`, { cause: error });
  }
}

/** `TRAIN,TEST`, in microseconds. @throws {InvalidInputError} When they are not two times of a second or more. */
export function parseWindows(text: string): { readonly trainUs: number; readonly testUs: number } {
  const [trainUs, testUs, more] = text.split(",").map((part) => spanUs(part.trim()));
  if (trainUs !== undefined && testUs !== undefined && more === undefined && trainUs >= 1e6 && testUs >= 1e6)
    return { trainUs, testUs };
  throw new InvalidInputError(`--walk-forward must be train,test such as 30d,7d or 2h,30m; got "${text}"`);
}

function spanUs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h|d|w)$/.exec(text);
  return match === null ? Number.NaN : Math.round(Number(match[1]) * (LONG_UNIT_US[match[2] as string] as number));
}

/** Simulated latencies, and how a person would say them. */
export interface NamedLatency {
  readonly model: SimLatencyOptions;
  readonly feed: string;
  readonly order: string;
}

/**
 * `ORDER`, or `FEED,ORDER`. Each is a time (`500us`, `2ms`), `recorded` (as the data has it; of orders: none), or a file of recorded ones.
 *
 * @throws {InvalidInputError} When one is none of these.
 */
export async function parseLatency(text: string, cwd: string, signal?: AbortSignal): Promise<NamedLatency> {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.length > 2) throw new InvalidInputError(`--latency must be feed,order such as 1ms,5ms; got "${text}"`);
  const feed = await latencyOf(parts.length === 2 ? (parts[0] as string) : "recorded", cwd, signal);
  const order = await latencyOf(parts.at(-1) as string, cwd, signal);
  return {
    model: {
      ...(feed.model === undefined ? {} : { feedUs: feed.model }),
      ...(order.model === undefined ? {} : { orderUs: order.model }),
    },
    feed: feed.name,
    order: order.model === undefined ? "none" : order.name,
  };
}

async function latencyOf(
  text: string,
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly model: LatencyModel | undefined; readonly name: string }> {
  if (text === "recorded") return { model: undefined, name: "as recorded" };
  const match = /^(\d+(?:\.\d+)?)(us|ms|s)$/.exec(text);
  if (match !== null) {
    const us = Number(match[1]) * (UNIT_US[match[2] as string] as number);
    if (us <= 1e9) return { model: Math.round(us), name: text };
  } else if (text === "0") return { model: 0, name: "none" };
  else {
    const path = [resolve(cwd, text), resolve(cwd, text, "journal.db")].find((one) => existsSync(one));
    if (path !== undefined) {
      const model = await readLatencies(path, signal);
      return { model, name: `${model.length} values of ${text}` };
    }
  }
  throw new InvalidInputError(
    `--latency: "${text}" is neither a time from 0us to 1000s such as 500us or 2ms, nor "recorded", nor a file`,
  );
}

/** Decimal text by asset. */
export function balanceTexts(balances: ReadonlyMap<string, bigint>): Record<string, string> {
  return Object.fromEntries([...balances].map(([asset, units]) => [asset, formatUnits(units)]));
}
