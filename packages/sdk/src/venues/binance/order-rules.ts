import { InvalidInputError, integerInRange } from "@pitlane/perf";
import { check, checkText, shown } from "../../checks.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { AmendRequest, OrderRequest } from "../../model/order.ts";
import { formatUnits, notionalUnits } from "../../model/scale.ts";

export { checkVenue } from "./check-venue.ts"; // by itself, so that a client for market data has no rules of orders

const CLIENT_ORDER_ID = /^[A-Za-z0-9_-]{1,36}$/;
const TIMES_IN_FORCE: ReadonlySet<unknown> = new Set(["GTC", "IOC", "FOK"]);
const PREVENTIONS: ReadonlySet<unknown> = new Set(["none", "expireTaker", "expireMaker", "expireBoth", "decrement"]);
const KINDS = [
  "limit",
  "postOnly",
  "market",
  "marketByQuote",
  "stop",
  "stopLimit",
  "takeProfit",
  "takeProfitLimit",
] as const;
type Kind = OrderRequest["type"];

/** What only some kinds have. */
const FIELDS = [
  "sizeLots",
  "quoteAmount",
  "priceTicks",
  "timeInForce",
  "icebergLots",
  "triggerTicks",
  "trailingBps",
] as const;
const PRICED = ["sizeLots", "priceTicks", "icebergLots"] as const;
const TRIGGER = ["triggerTicks", "trailingBps"] as const;
// Made by functions, so that a bundle without orders leaves them out.
const TAKEN = /* @__PURE__ */ takenFields();
const FOREIGN = /* @__PURE__ */ foreignFields();
const MOST_TRAILING_BPS = 1_000_000;

function takenFields(): Readonly<Record<Kind, readonly (typeof FIELDS)[number][]>> {
  return {
    limit: [...PRICED, "timeInForce"],
    postOnly: PRICED,
    market: ["sizeLots"],
    marketByQuote: ["quoteAmount"],
    stop: ["sizeLots", ...TRIGGER],
    stopLimit: [...PRICED, "timeInForce", ...TRIGGER],
    takeProfit: ["sizeLots", ...TRIGGER],
    takeProfitLimit: [...PRICED, "timeInForce", ...TRIGGER],
  };
}

function foreignFields(): ReadonlyMap<Kind, readonly (typeof FIELDS)[number][]> {
  return new Map(KINDS.map((kind) => [kind, FIELDS.filter((field) => !TAKEN[kind].includes(field))]));
}

/** @throws {InvalidInputError} When `clientOrderId` is not 1 to 36 of `[A-Za-z0-9_-]`. */
export function checkClientOrderId(clientOrderId: string, name = "clientOrderId"): void {
  checkText(name, CLIENT_ORDER_ID, "1 to 36 of A-Z, a-z, 0-9, - and _", clientOrderId);
}

/**
 * Checks an order against its instrument's rules, before anything is sent. The venue has further ones (price bands, numbers of
 * orders) that depend on the moment; it alone judges those.
 *
 * @throws {InvalidInputError} Naming the field, its value and the rule.
 */
export function checkOrder(request: OrderRequest): void {
  const { instrument, type } = request;
  if (!KINDS.includes(type)) throw notOneOf("type", KINDS, type);
  checkForeign(request);
  checkClientOrderId(request.clientOrderId);
  checkSide("side", request.side);
  if (request.selfTradePrevention !== undefined && !PREVENTIONS.has(request.selfTradePrevention)) {
    throw notOneOf("selfTradePrevention", PREVENTIONS, request.selfTradePrevention);
  }
  if (type === "marketByQuote") return checkQuoteAmount(request.quoteAmount);
  checkSize("sizeLots", request.sizeLots, instrument);
  checkTrigger(request);
  if (type === "market" || type === "stop" || type === "takeProfit") return; // its notional is known to the venue alone
  if (type !== "postOnly" && !TIMES_IN_FORCE.has(request.timeInForce)) {
    throw notOneOf("timeInForce", TIMES_IN_FORCE, request.timeInForce);
  }
  checkMultiple("priceTicks", request.priceTicks, instrument.tickIncrement, instrument);
  checkNotional(instrument, request.priceTicks, request.sizeLots);
  if (request.icebergLots === undefined) return;
  checkMultiple("icebergLots", request.icebergLots, instrument.lotIncrement, instrument);
  if (request.icebergLots >= request.sizeLots) {
    throw new InvalidInputError(`icebergLots must be below sizeLots ${request.sizeLots}, got ${request.icebergLots}`);
  }
  if (type !== "postOnly" && request.timeInForce !== "GTC") {
    throw new InvalidInputError(`an order with icebergLots must have timeInForce "GTC", got "${request.timeInForce}"`);
  }
}

/** @throws {InvalidInputError} When the new size breaks a rule; whether it is below the present one, the venue knows. */
export function checkAmend({ instrument, clientOrderId, sizeLots }: AmendRequest): void {
  checkClientOrderId(clientOrderId);
  checkSize("sizeLots", sizeLots, instrument);
}

export function checkSide(name: string, side: unknown): void {
  if (side !== "buy" && side !== "sell") throw notOneOf(name, ["buy", "sell"], side);
}

export function checkSize(name: string, lots: number, instrument: Instrument): void {
  checkMultiple(name, lots, instrument.lotIncrement, instrument);
  if (lots >= instrument.minLots && lots <= instrument.maxLots) return;
  throw new InvalidInputError(
    `${name} of ${instrument.id} must be from ${instrument.minLots} to ${instrument.maxLots}, got ${lots}`,
  );
}

/** A field of another kind would be without effect: a stop with a price is no stop limit. What no kind has is its owner's affair. */
function checkForeign(request: OrderRequest): void {
  const fields: Readonly<Partial<Record<(typeof FIELDS)[number], unknown>>> = request;
  for (const field of FOREIGN.get(request.type) ?? []) {
    const value = fields[field];
    const isUsual = field === "timeInForce" && value === "GTC"; // as all that rest do
    if (value === undefined || isUsual) continue;
    const kinds = KINDS.filter((kind) => TAKEN[kind].includes(field)).join(", ");
    throw new InvalidInputError(
      `an order of type "${request.type}" has no ${field}: leave it out, or take one of ${kinds}`,
    );
  }
}

function isTriggered(type: OrderRequest["type"]): boolean {
  return type === "stop" || type === "stopLimit" || type === "takeProfit" || type === "takeProfitLimit";
}

function checkTrigger(request: Exclude<OrderRequest, { type: "marketByQuote" }>): void {
  const { triggerTicks, trailingBps } = request as { readonly triggerTicks?: number; readonly trailingBps?: number };
  if (!isTriggered(request.type)) return;
  if (triggerTicks === undefined && trailingBps === undefined) {
    throw new InvalidInputError(`an order of type "${request.type}" needs triggerTicks, trailingBps or both`);
  }
  if (triggerTicks !== undefined) {
    checkMultiple("triggerTicks", triggerTicks, request.instrument.tickIncrement, request.instrument);
  }
  if (trailingBps === undefined) return;
  integerInRange("trailingBps", trailingBps, 1, MOST_TRAILING_BPS);
}

function checkQuoteAmount(amount: bigint): void {
  check(typeof amount === "bigint" && amount > 0n, "quoteAmount", "a positive bigint in units of 10^-8", amount);
}

function checkNotional(instrument: Instrument, priceTicks: number, sizeLots: number): void {
  if (instrument.minNotional === 0n) return;
  const notional = notionalUnits(instrument, priceTicks, sizeLots);
  if (notional >= instrument.minNotional) return;
  throw new InvalidInputError(
    `price x size of an order of ${instrument.id} must be at least ${formatUnits(instrument.minNotional)} ${instrument.quote}, got ${formatUnits(notional)}`,
  );
}

function checkMultiple(name: string, value: number, increment: number, instrument: Instrument): void {
  check(Number.isSafeInteger(value) && value > 0, name, "a positive whole number", value);
  if (value % increment !== 0) {
    throw new InvalidInputError(`${name} of ${instrument.id} must be a multiple of ${increment}, got ${value}`);
  }
}

function notOneOf(name: string, words: Iterable<unknown>, got: unknown): InvalidInputError {
  const list = [...words].map((word) => JSON.stringify(word)).join(", ");
  return new InvalidInputError(`${name} must be one of ${list}, got ${shown(got)}`);
}
