import { expect, test } from "vitest";
import { Exchange } from "../../../src/engine/exchange.ts";
import { DEFAULT_INSTRUMENTS, toInstruments } from "../../../src/instruments.ts";
import type { Venue } from "../../../src/wire/binance/endpoint.ts";
import { VenueRefusal } from "../../../src/wire/binance/errors.ts";
import { DEFAULT_LIMITS, OrderLimit, WeightLimit } from "../../../src/wire/binance/limits.ts";
import { orderEndpoints } from "../../../src/wire/binance/order-endpoints.ts";
import { parseForm } from "../../../src/wire/binance/params.ts";
import { Authenticator } from "../../../src/wire/binance/signing.ts";

/** The order endpoints without a wire: what a handler returns, or the body of its refusal, as the JSON that is sent reads. */
function setUp() {
  const nothing = () => {};
  const exchange = new Exchange({
    instruments: toInstruments(DEFAULT_INSTRUMENTS),
    listener: {
      onTrade: nothing,
      onAggregate: nothing,
      onLevel: nothing,
      onBook: nothing,
      onReport: nothing,
      onBalances: nothing,
    },
  });
  const account = exchange.accounts.open({ makerRate: 0n, takerRate: 0n });
  account.balance("USDT").free = 10n ** 12n;
  account.balance("AAA").free = 10n ** 12n;
  let ids = 0;
  const venue: Venue = {
    exchange,
    limits: DEFAULT_LIMITS,
    orderLimit: new OrderLimit(DEFAULT_LIMITS),
    weightLimit: new WeightLimit(DEFAULT_LIMITS),
    authenticator: new Authenticator([]),
    newClientId: () => `made-${ids++}`,
  };
  const endpoints = new Map(orderEndpoints(venue).map((endpoint) => [endpoint.http, endpoint]));
  const call = (http: string, form: string): unknown => {
    const endpoint = endpoints.get(http)!;
    if (!endpoint.signed) throw new Error(`${http} is not signed`);
    try {
      const params = parseForm(`symbol=AAAUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&${form}`, "");
      return asSent(endpoint.handle({ params, account, nowUs: 1, unit: "ms", ip: "", region: "", transport: "http" }));
    } catch (error) {
      if (error instanceof VenueRefusal) return asSent(error.body);
      throw error;
    }
  };
  return { call };
}

function asSent(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body));
}

test("a cancel-replace of which one half failed tells both halves", () => {
  const { call } = setUp();
  call("POST order", "price=50&newClientOrderId=old");
  call("POST order", "price=49&newClientOrderId=ask");
  const inUse = "price=51&newClientOrderId=ask&cancelReplaceMode=STOP_ON_FAILURE&cancelOrigClientOrderId=old";
  expect(call("POST order/cancelReplace", inUse)).toMatchObject({
    code: -2021,
    msg: "Order cancel-replace partially failed.",
    data: {
      cancelResult: "SUCCESS",
      newOrderResult: "FAILURE",
      cancelResponse: { status: "CANCELED", origClientOrderId: "old" },
      newOrderResponse: { code: -2010, msg: "Duplicate order sent." },
    },
  });
  const allowed = "price=51&newClientOrderId=new&cancelReplaceMode=ALLOW_FAILURE&cancelOrigClientOrderId=old";
  expect(call("POST order/cancelReplace", allowed)).toMatchObject({
    code: -2021,
    data: {
      cancelResult: "FAILURE",
      newOrderResult: "SUCCESS",
      cancelResponse: { code: -2011, msg: "Unknown order sent." },
      newOrderResponse: { status: "NEW", clientOrderId: "new" },
    },
  });
});

test("a cancel-replace of which nothing was done says so", () => {
  const { call } = setUp();
  const form = "price=51&cancelOrderId=7&cancelReplaceMode=";
  expect(call("POST order/cancelReplace", `${form}STOP_ON_FAILURE`)).toEqual({
    code: -2022,
    msg: "Order cancel-replace failed.",
    data: {
      cancelResult: "FAILURE",
      newOrderResult: "NOT_ATTEMPTED",
      cancelResponse: { code: -2011, msg: "Unknown order sent." },
      newOrderResponse: null,
    },
  });
  call("POST order", "price=50&newClientOrderId=used");
  expect(call("POST order/cancelReplace", `${form}ALLOW_FAILURE&newClientOrderId=used`)).toMatchObject({
    code: -2022,
    data: { newOrderResult: "FAILURE", newOrderResponse: { code: -2010, msg: "Duplicate order sent." } },
  });
});
