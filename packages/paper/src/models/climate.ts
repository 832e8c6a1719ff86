import type { Random } from "@pitlane/perf";
import { check } from "../checks.ts";
import type { Instrument } from "../instruments.ts";

/** What a market model adds to an instrument's own walk at one moment. */
export interface Climate {
  /** Moves the fair price by this factor's logarithm: 0.01 is one percent up. */
  readonly shift: number;
  /** Multiplies the sizes of the quotes. */
  readonly liquidity: number;
  /** Multiplies how often things happen by themselves. */
  readonly pace: number;
  /** Part of the market orders that sell, 0 to 1; undefined where the walk decides. */
  readonly selling: number | undefined;
}

/** An instrument's walk under a model. */
export interface Weather {
  /** How slowly the instrument's own price is drawn back to where it started, in seconds. */
  readonly reversionSeconds: number;
  /** The instrument's own volatility, as a part of the usual one. */
  readonly volatility: number;
  /** The climate that many seconds after the start. Asked in order of time. */
  readonly at: (seconds: number) => Climate;
}

/** The market models by name. */
const MARKET_MODELS = ["random-walk", "mean-reversion", "correlated-pairs", "flash-crash"] as const;

export type MarketModelName = (typeof MARKET_MODELS)[number];

const CALM: Climate = { shift: 0, liquidity: 1, pace: 1, selling: undefined };

/** A walk alone, drawn back over ten minutes. */
export const CALM_WEATHER: Weather = { reversionSeconds: 600, volatility: 1, at: () => CALM };

/**
 * The weather of every instrument under a model, from one random source. Pure of everything but that source: the same seed gives
 * the same weather, whoever trades.
 *
 * - `random-walk`: each walks alone, drawn back over ten minutes.
 * - `mean-reversion`: each is drawn back within seconds, so that what has moved away comes back.
 * - `correlated-pairs`: instruments go two by two, first with second, third with fourth: both follow one path, and each strays
 *   from it a little and returns, so that the gap between them opens and closes.
 * - `flash-crash`: now and then all fall by 4 to 10 percent in seconds, with thin quotes and mostly sellers, and recover most of it.
 */
export function weatherOf(
  model: MarketModelName,
  instruments: readonly Instrument[],
  random: Random,
): readonly Weather[] {
  switch (model) {
    case "random-walk":
      return instruments.map(() => CALM_WEATHER);
    case "mean-reversion":
      return instruments.map(() => ({ ...CALM_WEATHER, reversionSeconds: 6, volatility: 1.2 }));
    case "correlated-pairs":
      return pairs(instruments, random);
    case "flash-crash":
      return instruments.map(() => ({ ...CALM_WEATHER, at: crashes(random.fork("crashes")) }));
  }
}

/** @throws {InvalidInputError} When there is no model of that name. */
export function checkModel(model: MarketModelName): MarketModelName {
  check(MARKET_MODELS.includes(model), "model", `one of ${MARKET_MODELS.join(", ")}`, model);
  return model;
}

const PATH_STEP_SECONDS = 0.05;
const PATH_VOLATILITY = 0.0006; // of the logarithm, per square root of a second

function pairs(instruments: readonly Instrument[], random: Random): readonly Weather[] {
  return instruments.map((_, index) => {
    const path = walkedPath(random.fork(`pair ${Math.floor(index / 2)}`));
    return {
      reversionSeconds: 8,
      volatility: 0.35,
      at: (seconds) => ({ ...CALM, shift: path(seconds) }),
    };
  });
}

/** A random walk as a function of time, on a grid, so that whoever asks sees the same one however often. */
function walkedPath(random: Random): (seconds: number) => number {
  let index = 0;
  let value = 0;
  return (seconds) => {
    const target = Math.floor(seconds / PATH_STEP_SECONDS);
    for (; index < target; index++) value += random.normal() * PATH_VOLATILITY * Math.sqrt(PATH_STEP_SECONDS);
    return value;
  };
}

interface Crash {
  readonly startSeconds: number;
  readonly fallSeconds: number;
  readonly recoverSeconds: number;
  /** Logarithm of what is lost at the bottom; below 0. */
  readonly depth: number;
  /** Logarithm of what stays lost. */
  readonly stays: number;
}

const FIRST_CRASH_SECONDS = 10;
const CALM_SECONDS = 45; // between two crashes, mean

function crashes(random: Random): (seconds: number) => Climate {
  let lost = 0; // what earlier crashes left
  let crash = nextCrash(FIRST_CRASH_SECONDS, random);
  return (seconds) => {
    while (seconds >= endOf(crash)) {
      lost += crash.stays;
      crash = nextCrash(endOf(crash), random);
    }
    const since = seconds - crash.startSeconds;
    if (since < 0) return lost === 0 ? CALM : { ...CALM, shift: lost };
    if (since < crash.fallSeconds) {
      return { shift: lost + (crash.depth * since) / crash.fallSeconds, liquidity: 0.15, pace: 3, selling: 0.92 };
    }
    const back = (since - crash.fallSeconds) / crash.recoverSeconds;
    const shift = lost + crash.depth + (crash.stays - crash.depth) * back;
    return { shift, liquidity: 0.15 + 0.85 * back, pace: 1 + (1 - back), selling: 0.4 };
  };
}

function nextCrash(afterSeconds: number, random: Random): Crash {
  const depth = Math.log(1 - (0.04 + 0.06 * random.next()));
  return {
    startSeconds: afterSeconds + random.exponential(CALM_SECONDS),
    fallSeconds: 1 + 2 * random.next(),
    recoverSeconds: 8 + 12 * random.next(),
    depth,
    stays: depth * (0.1 + 0.2 * random.next()),
  };
}

function endOf({ startSeconds, fallSeconds, recoverSeconds }: Crash): number {
  return startSeconds + fallSeconds + recoverSeconds;
}
