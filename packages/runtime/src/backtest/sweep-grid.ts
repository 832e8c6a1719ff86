import { InvalidInputError, nearestName } from "@pitlane/perf";
import { formatScaled, parseScaled } from "@pitlane/sdk";
import { decimalsOf } from "./readers/decimal-scale.ts";

/** A value of a strategy's config, as a sweep sets it. */
export type ParamValue = number | boolean | string;

/** One setting and the values it takes in turn. */
export interface Param {
  /** Strategy it belongs to; the only one when undefined. */
  readonly strategy: string | undefined;
  /** Key in its config; parts of a path are joined by dots. */
  readonly key: string;
  readonly values: readonly ParamValue[];
}

/** What a sweep tries: a value for each name (`lookback`, or `momentum.lookback`). */
export type ParamSet = Readonly<Record<string, ParamValue>>;

const MOST_SETS = 100_000;
const RANGE = /^(-?)(\d+(?:\.\d+)?)\.\.(-?)(\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?$/;

/**
 * Reads `name=from..to`, `name=from..to:step` or `name=a,b,c`. Ranges include both ends where the step meets them, and are exact: 0.1..0.3:0.1
 * is 0.1, 0.2 and 0.3. In a list numbers, `true` and `false` are what they say, all else is text.
 *
 * @param strategies Names that a key may begin with.
 * @throws {InvalidInputError} When it has another form, no value, or more than 100,000.
 */
export function parseParam(text: string, strategies: readonly string[]): Param {
  const at = text.indexOf("=");
  const name = text.slice(0, Math.max(at, 0)).trim();
  const list = text.slice(at + 1).trim();
  if (name === "" || list === "")
    throw new InvalidInputError(
      `--param must be such as lookback=1..10, lookback=1..10:0.5 or mode=a,b; got "${text}"`,
    );
  const owner = strategies.find((one) => name.startsWith(`${one}.`));
  if (owner === undefined && strategies.length > 1) {
    const [prefix = ""] = name.split(".");
    const nearest = name.includes(".") ? nearestName(prefix, strategies) : undefined;
    throw new InvalidInputError(
      `--param ${name}: there are ${strategies.length} strategies; begin the name with one of ${strategies.map((one) => `${one}.`).join(", ")}${nearest === undefined ? "" : ` (did you mean ${nearest}.?)`}`,
    );
  }
  return {
    strategy: owner,
    key: owner === undefined ? name : name.slice(owner.length + 1),
    values: valuesOf(name, list),
  };
}

function valuesOf(name: string, list: string): readonly ParamValue[] {
  const range = RANGE.exec(list);
  if (range === null) return list.split(",").map((one) => listedValue(name, one.trim()));
  const [, fromSign, fromText = "", toSign, toText = "", stepText = "1"] = range;
  const decimals = Math.max(decimalsOf(fromText), decimalsOf(toText), decimalsOf(stepText));
  const whole = (sign: string | undefined, digits: string) => (sign === "-" ? -1 : 1) * parseScaled(digits, decimals);
  const from = whole(fromSign, fromText);
  const to = whole(toSign, toText);
  const step = parseScaled(stepText, decimals);
  if (step === 0 || to < from)
    throw new InvalidInputError(`--param ${name}=${list}: a range goes up by a step above 0, such as 1..10:0.5`);
  const count = Math.floor((to - from) / step) + 1;
  if (count > MOST_SETS)
    throw new InvalidInputError(`--param ${name}=${list}: has ${count} values, ${MOST_SETS} at most`);
  return Array.from({ length: count }, (_, i) => Number(formatScaled(from + i * step, decimals)));
}

function listedValue(name: string, text: string): ParamValue {
  if (text === "") throw new InvalidInputError(`--param ${name}: a value of its list is empty`);
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Name of a parameter as results show it. */
export function paramName({ strategy, key }: Param): string {
  return strategy === undefined ? key : `${strategy}.${key}`;
}

/** Every combination, the last parameter changing fastest. @throws {InvalidInputError} When there are more than 100,000, or a name comes twice. */
export function gridOf(params: readonly Param[]): readonly ParamSet[] {
  const names = params.map(paramName);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new InvalidInputError(`--param ${twice} is given twice: list all its values in one`);
  const count = params.reduce((product, { values }) => product * values.length, 1);
  if (count > MOST_SETS)
    throw new InvalidInputError(`the parameters make ${count} combinations, ${MOST_SETS} at most: take larger steps`);
  let sets: readonly ParamSet[] = [{}];
  for (const param of params)
    sets = sets.flatMap((set) => param.values.map((value) => ({ ...set, [paramName(param)]: value })));
  return sets;
}

/** Config of a strategy with the values of a set in place; what is not of this strategy is left out. Pure. */
export function withParams(config: unknown, strategy: string, params: readonly Param[], set: ParamSet): unknown {
  let changed: unknown = config;
  for (const param of params) {
    const value = set[paramName(param)];
    if (value === undefined || (param.strategy !== undefined && param.strategy !== strategy)) continue;
    changed = withValue(changed, param.key.split("."), value);
  }
  return changed;
}

function withValue(config: unknown, [key = "", ...rest]: readonly string[], value: ParamValue): unknown {
  const own = typeof config === "object" && config !== null ? (config as Readonly<Record<string, unknown>>) : {};
  return { ...own, [key]: rest.length === 0 ? value : withValue(own[key], rest, value) };
}
