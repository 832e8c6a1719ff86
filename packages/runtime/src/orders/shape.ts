import { PitlaneError } from "@pitlane/perf";
import type { TimeInForce } from "@pitlane/sdk";
import { isTimed, isTriggered, isUnpriced } from "./kinds.ts";
import type { Intent } from "./order.ts";

/** What a shape hook changes of an intent; what it leaves out, or gives as it was, stays. */
export interface IntentChange {
  /** In ticks: a positive multiple of the instrument's `tickIncrement`. */
  readonly priceTicks?: number | undefined;
  /**
   * In lots: a positive multiple of the instrument's `lotIncrement`, from its `minLots` to its `maxLots`, and less than it was: nobody sends more
   * than was wanted, so that algorithms and the router can reckon with what they want, and no shaper undoes another's bound.
   */
  readonly sizeLots?: number | undefined;
  /**
   * A `market` order may become one with a price; none with a price may lose it. `postOnly` takes the time in force away. A stop or a take-profit
   * stays what it is, with its trigger.
   */
  readonly type?: "limit" | "postOnly" | undefined;
  /** Of an order that has one: `limit`, `stopLimit` and `takeProfitLimit`. */
  readonly timeInForce?: TimeInForce | undefined;
}

/** What one plugin changed of an intent, as the journal keeps it: each field `[before, after]`, null for none; others are left out. */
export interface ShapeRecord {
  readonly plugin: string;
  readonly priceTicks?: FieldChange<number>;
  readonly sizeLots?: FieldChange<number>;
  readonly type?: FieldChange<Intent["type"]>;
  readonly timeInForce?: FieldChange<TimeInForce>;
}

export type FieldChange<Value> = readonly [before: Value | null, after: Value | null];

/** Fields that a shape hook may change, in the order in which they are told. */
const SHAPED_FIELDS = ["type", "timeInForce", "sizeLots", "priceTicks"] as const;

const TIMES_IN_FORCE: readonly string[] = ["GTC", "IOC", "FOK"] satisfies readonly TimeInForce[];
const TYPES: readonly unknown[] = ["limit", "postOnly"] satisfies readonly IntentChange["type"][];

/** A shape hook changes what it may not, or to what does not fit. The order is denied. */
export class BadShapeError extends PitlaneError {
  readonly code = "BAD_SHAPE";
  readonly retryable = false;
}

/**
 * The intent that a change makes; the same object when it changes nothing. What a change sets must fit the instrument, and the order must
 * have a price afterwards unless it was a market order and stays one. Pure.
 *
 * @throws {BadShapeError} Naming the field, when the change is no object, names another field, or does not fit.
 * @example
 * applyChange(intent, { sizeLots: intent.sizeLots - (intent.sizeLots % 100) });
 */
export function applyChange(intent: Intent, change: IntentChange): Intent {
  if (typeof change !== "object" || change === null)
    throw new BadShapeError(`a shape hook returned ${typeof change}: return { sizeLots: ... }, or nothing`);
  const unknown = Object.keys(change).find((name) => !(SHAPED_FIELDS as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new BadShapeError(
      `a shape hook changes ${unknown}: it may change ${SHAPED_FIELDS.join(", ")} and nothing else`,
    );
  const { sizeLots = intent.sizeLots, priceTicks = intent.priceTicks, type = intent.type } = change;
  const timeInForce = change.timeInForce ?? (type === "limit" || type === intent.type ? intent.timeInForce : undefined);
  const isSame =
    sizeLots === intent.sizeLots &&
    priceTicks === intent.priceTicks &&
    type === intent.type &&
    timeInForce === intent.timeInForce;
  if (isSame) return intent;
  const { instrument } = intent;
  if (sizeLots !== intent.sizeLots) {
    const { lotIncrement, minLots, maxLots } = instrument;
    if (!(sizeLots < intent.sizeLots))
      throw new BadShapeError(
        `sizeLots of a shape hook is ${sizeLots}: it may only be below ${intent.sizeLots}, what it was`,
      );
    checkMultiple("sizeLots", sizeLots, lotIncrement);
    if (sizeLots < minLots || sizeLots > maxLots)
      throw new BadShapeError(`sizeLots of a shape hook is ${sizeLots}: the venue takes ${minLots} to ${maxLots}`);
  }
  if (type !== intent.type && !TYPES.includes(type))
    throw new BadShapeError(
      `type of a shape hook is ${JSON.stringify(type)}: it may be "limit" or "postOnly", as no order loses its price`,
    );
  if (type !== intent.type && isTriggered(intent.type))
    throw new BadShapeError(`a shape hook makes a ${type} order of a ${intent.type}: its trigger would be lost`);
  if (isUnpriced(type)) {
    if (priceTicks !== intent.priceTicks || timeInForce !== intent.timeInForce)
      throw new BadShapeError(
        `a ${type} order has no price and no time in force${type === "market" ? ': change its type to "limit" too' : ""}`,
      );
  } else if (priceTicks !== intent.priceTicks || intent.type === "market")
    checkMultiple("priceTicks", priceTicks, instrument.tickIncrement);
  if (change.timeInForce !== undefined) {
    if (!isTimed(type))
      throw new BadShapeError(`timeInForce of a shape hook is of limit orders, and this one is ${type}`);
    if (!TIMES_IN_FORCE.includes(change.timeInForce))
      throw new BadShapeError(`timeInForce of a shape hook must be one of ${TIMES_IN_FORCE.join(", ")}`);
  }
  const { timeInForce: _before, ...terms } = intent;
  return {
    ...terms,
    type,
    sizeLots,
    ...(priceTicks === undefined ? {} : { priceTicks }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
  };
}

/** What `plugin` changed, for the journal. Pure. */
export function toShapeRecord(plugin: string, before: Intent, after: Intent): ShapeRecord {
  const changed = SHAPED_FIELDS.filter((name) => before[name] !== after[name]);
  return { plugin, ...Object.fromEntries(changed.map((name) => [name, [before[name] ?? null, after[name] ?? null]])) };
}

/** What was wanted, of what it became: the terms of an intent with all changes taken back. Pure. */
export function withoutShapes(
  terms: Readonly<Record<string, unknown>>,
  shapes: readonly ShapeRecord[],
): Record<string, unknown> {
  const wish = { ...terms };
  for (const shape of [...shapes].reverse()) {
    for (const name of SHAPED_FIELDS) {
      const change = shape[name];
      if (change === undefined) continue;
      if (change[0] === null) delete wish[name];
      else wish[name] = change[0];
    }
  }
  return wish;
}

/** A change in words: `round-lots: size 1234 -> 1200 lots`. Pure. */
export function describeShape({ plugin, type, timeInForce, sizeLots, priceTicks }: ShapeRecord): string {
  const parts = [
    ...(type === undefined ? [] : [`${type[0]} -> ${type[1]}`]),
    ...(timeInForce === undefined ? [] : [`time in force ${timeInForce[0] ?? "none"} -> ${timeInForce[1] ?? "none"}`]),
    ...(sizeLots === undefined ? [] : [`size ${sizeLots[0]} -> ${sizeLots[1]} lots`]),
    ...(priceTicks === undefined ? [] : [`price ${priceTicks[0] ?? "none"} -> ${priceTicks[1]} ticks`]),
  ];
  return `${plugin}: ${parts.join(", ")}`;
}

function checkMultiple(name: string, value: number | undefined, step: number): void {
  if (Number.isSafeInteger(value) && value! > 0 && value! % step === 0) return;
  throw new BadShapeError(`${name} of a shape hook is ${value}: it must be a positive multiple of ${step}`);
}
