import { InvalidInputError } from "@pitlane/perf";
import type { Instrument } from "../../model/instrument.ts";
import type { OrderRequest } from "../../model/order.ts";
import { formatScaled, formatUnits, notionalUnits } from "../../model/scale.ts";
import type { Params } from "./sign.ts";

const CLIENT_ORDER_ID = /^[A-Za-z0-9_-]{1,36}$/;

/** @throws {InvalidInputError} When `clientOrderId` is not 1 to 36 of `[A-Za-z0-9_-]`. */
export function checkClientOrderId(clientOrderId: string): void {
  if (CLIENT_ORDER_ID.test(clientOrderId)) return;
  throw new InvalidInputError(
    `clientOrderId must be 1 to 36 of A-Z, a-z, 0-9, - and _, got ${JSON.stringify(clientOrderId)}`,
  );
}

/** @throws {InvalidInputError} When `instrument` is of another venue. */
export function checkVenue(instrument: Instrument, venue: string): void {
  if (instrument.venue === venue) return;
  throw new InvalidInputError(
    `instrument ${instrument.id} is not of venue ${venue}: take one of its listInstruments()`,
  );
}

/**
 * Checks an order against its instrument's rules, before anything is sent. The venue has further ones (price bands, numbers of
 * orders) that depend on the moment; it alone judges those.
 *
 * @throws {InvalidInputError} Naming the field, its value and the rule.
 */
export function checkOrder(request: OrderRequest): void {
  const { instrument, clientOrderId, side, sizeLots } = request;
  checkClientOrderId(clientOrderId);
  if (side !== "buy" && side !== "sell") {
    throw new InvalidInputError(`side must be "buy" or "sell", got ${JSON.stringify(side)}`);
  }
  checkMultiple("sizeLots", sizeLots, instrument.lotIncrement, instrument);
  if (sizeLots < instrument.minLots || sizeLots > instrument.maxLots) {
    throw new InvalidInputError(
      `sizeLots of ${instrument.id} must be from ${instrument.minLots} to ${instrument.maxLots}, got ${sizeLots}`,
    );
  }
  if (request.type === "market") return; // its notional is known to the venue alone
  if (request.type !== "limit" && request.type !== "postOnly") {
    throw new InvalidInputError(
      `type must be "limit", "postOnly" or "market", got ${JSON.stringify((request as OrderRequest).type)}`,
    );
  }
  if (request.type === "limit" && !["GTC", "IOC", "FOK"].includes(request.timeInForce)) {
    throw new InvalidInputError(
      `timeInForce must be "GTC", "IOC" or "FOK", got ${JSON.stringify(request.timeInForce)}`,
    );
  }
  checkMultiple("priceTicks", request.priceTicks, instrument.tickIncrement, instrument);
  const notional = notionalUnits(instrument, request.priceTicks, sizeLots);
  if (notional < instrument.minNotional) {
    throw new InvalidInputError(
      `price x size of an order of ${instrument.id} must be at least ${formatUnits(instrument.minNotional)} ${instrument.quote}, got ${formatUnits(notional)}`,
    );
  }
}

/** An order as the parameters of a new order call. */
export function toOrderParams(request: OrderRequest): Params {
  const { instrument, clientOrderId, side, sizeLots } = request;
  const symbol = instrument.venueSymbol;
  const common = {
    side: side === "buy" ? "BUY" : "SELL",
    quantity: formatScaled(sizeLots, instrument.sizeDecimals),
    newClientOrderId: clientOrderId,
    newOrderRespType: "FULL", // brings the fills of the moment with the answer
  };
  if (request.type === "market") return { symbol, type: "MARKET", ...common };
  const price = formatScaled(request.priceTicks, instrument.priceDecimals);
  if (request.type === "postOnly") return { symbol, type: "LIMIT_MAKER", ...common, price };
  return { symbol, type: "LIMIT", ...common, price, timeInForce: request.timeInForce };
}

function checkMultiple(name: string, value: number, increment: number, instrument: Instrument): void {
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw new InvalidInputError(`${name} must be a positive whole number, got ${String(value)}`);
  }
  if (value % increment !== 0) {
    throw new InvalidInputError(`${name} of ${instrument.id} must be a multiple of ${increment}, got ${value}`);
  }
}
