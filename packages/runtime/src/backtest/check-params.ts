import { isDeepStrictEqual } from "node:util";
import { InvalidInputError, nearestName } from "@pitlane/perf";
import { findName, sayUnknown } from "../plugins/config-names.ts";
import { nameOf, type PluginEntry } from "../plugins/entry.ts";
import { type Param, type ParamSet, paramName, withParams } from "./sweep-grid.ts";

const MOST_VALUES = 20; // of one parameter that are tried on a schema
const PROBE = "\u0000 no value of any setting"; // where the values asked for are the default

/**
 * Sees to it that every parameter of a sweep is a setting of its strategy: runs of a name that no strategy reads are all the same, and
 * ranking them means nothing.
 *
 * Names are those of the strategy's schema. Where it does not tell them, its word on the values counts: a parameter is refused when every
 * value of it gives the same settings as none.
 *
 * @throws {InvalidInputError} Naming the parameter, the strategy and the nearest name.
 */
export async function checkParams(params: readonly Param[], entries: readonly PluginEntry[]): Promise<void> {
  const first: ParamSet = Object.fromEntries(params.map((param) => [paramName(param), param.values[0] ?? ""]));
  for (const param of params) {
    // A name without a strategy is of the only one.
    const entry = entries.find((one) => param.strategy === undefined || param.strategy === nameOf(one));
    if (entry === undefined) continue;
    const schema = entry.plugin.config;
    const of = `--param ${paramName(param)}`;
    if (schema === undefined)
      throw new InvalidInputError(
        `${of}: the strategy ${nameOf(entry)} has no settings to vary: give it a schema, as in config: v.object({ ${param.key.split(".")[0]}: v.optional(v.number(), 1) })`,
      );
    const found = findName(schema, param.key.split("."));
    if (found === "known") continue;
    if (found !== undefined) throw new InvalidInputError(`${of}: ${sayUnknown(found)}${otherwise(param, entries)}`);
    if (!(await changesSettings(param, params, entry, first)))
      throw new InvalidInputError(
        `${of}: the schema of the strategy ${nameOf(entry)} drops it, whatever its value: see how the setting is spelled`,
      );
  }
}

/** What else a dotted name may have meant: `mma.fast` where the strategy is `ma`. */
function otherwise({ strategy, key }: Param, entries: readonly PluginEntry[]): string {
  const [prefix = "", ...rest] = key.split(".");
  if (strategy !== undefined || rest.length === 0) return "";
  const names = entries.map(nameOf);
  const nearest = nearestName(prefix, names);
  return `, and there is no strategy ${prefix}: ${nearest === undefined ? `there is ${names.join(", ")}` : `did you mean ${nearest}.${rest.join(".")}?`}`;
}

/** Whether any value makes a difference to the settings as the strategy gets them; a value that the schema refuses does. */
async function changesSettings(
  param: Param,
  params: readonly Param[],
  entry: PluginEntry,
  first: ParamSet,
): Promise<boolean> {
  const name = paramName(param);
  const { [name]: _, ...others } = first;
  const values = [...param.values.slice(0, MOST_VALUES), PROBE];
  const sets: readonly ParamSet[] = [others, ...values.map((value) => ({ ...first, [name]: value }))];
  const parsed: unknown[] = [];
  for (const set of sets) {
    const config = withParams(entry.config, nameOf(entry), params, set) ?? {};
    const result = await entry.plugin.config?.["~standard"].validate(config);
    if (result === undefined || result.issues !== undefined) {
      if (set !== others) return true;
    } else parsed.push(result.value);
  }
  return parsed.some((one) => !isDeepStrictEqual(one, parsed[0]));
}
