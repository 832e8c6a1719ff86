import { InvalidInputError } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import { INTENT_KINDS, isTimed, isTriggered, isUnpriced } from "./kinds.ts";
import { type Intent, LONGEST_TAG } from "./order.ts";
import type { Signal } from "./signal.ts";

// By the types, so that a field that is added there cannot be left out here.
const INTENT_FIELDS = namesOf<Intent>({
  instrument: true,
  side: true,
  type: true,
  priceTicks: true,
  sizeLots: true,
  timeInForce: true,
  triggerTicks: true,
  trailingBps: true,
  tag: true,
  priority: true,
  expectedProfit: true,
  confidence: true,
  maxLatencyMs: true,
  reduceOnly: true,
});
const SIGNAL_FIELDS = namesOf<Signal>({
  instrument: true,
  side: true,
  sizeLots: true,
  confidence: true,
  priceTicks: true,
  maxSlippageBps: true,
  timeInForce: true,
  maxLatencyMs: true,
  priority: true,
  expectedProfit: true,
  reduceOnly: true,
  tag: true,
});
const KINDS: ReadonlySet<string> = new Set(INTENT_KINDS);
const NAMED_KINDS = INTENT_KINDS.map((kind) => JSON.stringify(kind))
  .join(", ")
  .replace(/, (?=[^,]*$)/, " or ");
const LONGEST_SHOWN = 40;

/**
 * Takes over what a plugin handed to `ctx.submit`: a copy of it, when it is an intent at all. Strategy files run without a type check, so
 * whatever else it may be is found here, before anything is done with it; nothing after it looks at types.
 *
 * It asks for kinds alone: whether a number fits (`NaN`, a size between two steps) is for risk to say, with a code, and whether a plugin may have
 * a type of order for its permissions. It is a copy, since a plugin that changes or reuses its object later would otherwise change an order
 * that was voted on.
 *
 * @throws {InvalidInputError} Naming the plugin, the field and what it must be: no order comes of it.
 * @example
 * checkIntent("dip", { instrument, side: "BUY", type: "market", sizeLots: 1 } as never, instruments);
 * // dip: an intent's side must be "buy" or "sell", got "BUY"
 */
export function checkIntent(plugin: string, wanted: Intent, instruments: ReadonlySet<Instrument>): Intent {
  const intent = copy(plugin, "an intent", wanted);
  const { type } = intent;
  checkTerms(plugin, "an intent", intent, instruments);
  if (typeof type !== "string") throw wrong(plugin, "an intent's type", NAMED_KINDS, type);
  if (intent.confidence !== undefined) checkNumber(plugin, "an intent", "confidence", intent.confidence);
  // Fields that belong to a type of order that there is not: that there is no such type is what is to be told.
  if (!KINDS.has(type)) return withKnownFields(intent);
  const { triggerTicks, trailingBps } = intent;
  if (triggerTicks !== undefined) checkNumber(plugin, "an intent", "triggerTicks", triggerTicks);
  if (trailingBps !== undefined) checkNumber(plugin, "an intent", "trailingBps", trailingBps);
  if (type !== "limit") checkKindFields(plugin, intent);
  else if (triggerTicks !== undefined || trailingBps !== undefined) checkTrigger(plugin, intent);
  checkFields(plugin, "an intent", intent, INTENT_FIELDS);
  return intent;
}

/** A field that the kind of order does not have would be left out on the way, and risk would count with it. */
function checkKindFields(plugin: string, intent: Intent): void {
  const { type, timeInForce, priceTicks } = intent;
  if (timeInForce !== undefined && !isTimed(type)) {
    const other = isTriggered(type) ? `a ${type}Limit order` : "a limit order";
    throw new InvalidInputError(
      `${plugin}: an intent's timeInForce is of limit orders, and this one is ${type}: leave it out, or make it ${other}`,
    );
  }
  if (priceTicks !== undefined && isUnpriced(type)) {
    const other = isTriggered(type) ? `type "${type}Limit", which trades at priceTicks or better` : "a limit order";
    throw new InvalidInputError(
      `${plugin}: an intent of type "${type}" has no priceTicks: leave it out, or make it ${other}`,
    );
  }
  checkTrigger(plugin, intent);
}

function checkTrigger(plugin: string, { type, triggerTicks, trailingBps }: Intent): void {
  const isGiven = triggerTicks !== undefined || trailingBps !== undefined;
  if (isGiven === isTriggered(type)) return;
  if (!isGiven)
    throw new InvalidInputError(
      `${plugin}: an intent of type "${type}" needs triggerTicks, trailingBps or both: give the last price that activates it, in ticks`,
    );
  const name = triggerTicks === undefined ? "trailingBps" : "triggerTicks";
  throw new InvalidInputError(
    `${plugin}: an intent of type "${type}" has no ${name}: leave it out, or make it one of stop, stopLimit, takeProfit, takeProfitLimit`,
  );
}

/** As `checkIntent`, of what was handed to `ctx.submitSignal`. */
export function checkSignal(plugin: string, wanted: Signal, instruments: ReadonlySet<Instrument>): Signal {
  const signal = copy(plugin, "a signal", wanted);
  checkTerms(plugin, "a signal", signal, instruments);
  checkNumber(plugin, "a signal", "confidence", signal.confidence);
  if (signal.maxSlippageBps !== undefined) checkNumber(plugin, "a signal", "maxSlippageBps", signal.maxSlippageBps);
  checkFields(plugin, "a signal", signal, SIGNAL_FIELDS);
  return signal;
}

/** What an intent and a signal have in common. */
function checkTerms(plugin: string, what: string, terms: Intent | Signal, instruments: ReadonlySet<Instrument>): void {
  const { instrument, side, sizeLots, priceTicks, timeInForce } = terms;
  const { tag, priority, expectedProfit, maxLatencyMs, reduceOnly } = terms;
  if (!instruments.has(instrument))
    throw new InvalidInputError(
      `${plugin}: ${what}'s instrument must be one of ctx.instruments: ctx.instrument("AAA/USDT") finds it by its name`,
    );
  if (side !== "buy" && side !== "sell") throw wrong(plugin, `${what}'s side`, '"buy" or "sell"', side);
  checkNumber(plugin, what, "sizeLots", sizeLots);
  if (priceTicks !== undefined) checkNumber(plugin, what, "priceTicks", priceTicks);
  if (timeInForce !== undefined && timeInForce !== "GTC" && timeInForce !== "IOC" && timeInForce !== "FOK")
    throw wrong(plugin, `${what}'s timeInForce`, '"GTC", "IOC" or "FOK"', timeInForce);
  if (tag !== undefined) checkTag(plugin, what, tag);
  if (priority !== undefined) checkNumber(plugin, what, "priority", priority);
  if (maxLatencyMs !== undefined) checkNumber(plugin, what, "maxLatencyMs", maxLatencyMs);
  if (expectedProfit !== undefined && typeof expectedProfit !== "bigint")
    throw wrong(plugin, `${what}'s expectedProfit`, "a bigint in units of 10^-8, such as 150_000_000n", expectedProfit);
  if (reduceOnly !== undefined && typeof reduceOnly !== "boolean")
    throw wrong(plugin, `${what}'s reduceOnly`, "true or false", reduceOnly);
}

function checkFields(plugin: string, what: string, terms: object, fields: ReadonlySet<string>): void {
  for (const name in terms) if (!fields.has(name)) throw unknown(plugin, what, name, fields);
}

function withKnownFields(intent: Intent): Intent {
  const { triggerTicks: _, trailingBps: __, ...terms } = intent; // of which nobody has seen that they are numbers
  return Object.fromEntries(Object.entries(terms).filter(([name]) => INTENT_FIELDS.has(name))) as unknown as Intent;
}

function copy<Terms extends object>(plugin: string, what: string, wanted: Terms): Terms {
  if (typeof wanted !== "object" || wanted === null)
    throw wrong(plugin, what, 'an object, such as { instrument, side: "buy", type: "market", sizeLots }', wanted);
  return { ...wanted };
}

function checkTag(plugin: string, what: string, tag: string): void {
  if (typeof tag !== "string") throw wrong(plugin, `${what}'s tag`, "text", tag);
  if (tag.length > LONGEST_TAG)
    throw new InvalidInputError(`${plugin}: ${what}'s tag has ${LONGEST_TAG} characters at most, got ${tag.length}`);
}

// The name of the field is passed apart: no text is made while nothing is wrong.
function checkNumber(plugin: string, what: string, field: string, value: number): void {
  if (typeof value !== "number") throw wrong(plugin, `${what}'s ${field}`, "a number", value);
}

function wrong(plugin: string, what: string, wanted: string, value: unknown): InvalidInputError {
  return new InvalidInputError(`${plugin}: ${what} must be ${wanted}, got ${shown(value)}`);
}

function unknown(plugin: string, what: string, name: string, fields: ReadonlySet<string>): InvalidInputError {
  return new InvalidInputError(
    `${plugin}: ${what} has no field ${shown(name)}: leave it out; the fields are ${[...fields].join(", ")}`,
  );
}

/** Never throws, whatever the value, as its own conversion to text may. */
export function shown(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}...` : value);
  if (value === null || typeof value === "number" || typeof value === "boolean" || value === undefined)
    return String(value);
  if (typeof value === "bigint") return `the bigint ${String(value).slice(0, LONGEST_SHOWN)}n`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function namesOf<Terms>(fields: Readonly<Record<keyof Terms & string, true>>): ReadonlySet<string> {
  return new Set(Object.keys(fields));
}
