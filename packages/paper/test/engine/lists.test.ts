import { describe, expect, test } from "vitest";
import type { OrderRequest } from "../../src/engine/order.ts";
import { expectSound, ONE, setUpMarket } from "./market-setup.ts";

/** With a last trade at 100.00. */
function setUp() {
  const parts = setUpMarket();
  const { bob, request, trade } = parts;
  trade(10_000, 1);
  const sell = (fields: Partial<OrderRequest>) => request(bob, { side: "SELL", ...fields });
  const stop = (fields: Partial<OrderRequest> = {}) =>
    sell({ type: "STOP_LOSS_LIMIT", priceTicks: 9800, stopTicks: 9900, ...fields });
  const limit = (fields: Partial<OrderRequest> = {}) => sell({ type: "LIMIT_MAKER", priceTicks: 10_100, ...fields });
  return { ...parts, sell, stop, limit };
}

describe("an OCO", () => {
  test("locks once for both, and the leg that fills takes the other away", () => {
    const parts = setUp();
    const { market, bob, oco, stop, limit, reports } = parts;
    const list = market.placeList(oco(bob, [stop(), limit()]), 2);
    const [loss, profit] = list.legs;
    expect(bob.balance("AAA").locked).toBe(ONE);
    expect([loss!.status, loss!.workingUs, profit!.status, profit!.workingUs]).toEqual(["NEW", -1, "NEW", 2]);
    market.placeHouse("BUY", 10_100, 400, "IOC", 3);
    expect(loss).toMatchObject({ status: "EXPIRED", expiryReason: "OCO_TRIGGER", filledLots: 0 });
    expect([profit!.status, list.isOpen, bob.balance("AAA").locked]).toEqual([
      "PARTIALLY_FILLED",
      true,
      (ONE * 6n) / 10n,
    ]);
    expectSound(parts);
    market.placeHouse("BUY", 10_100, 600, "IOC", 4);
    expect([profit!.status, list.isOpen]).toEqual(["FILLED", false]);
    expect(reports).toEqual([
      [loss!.id, "NEW", "NEW"],
      [profit!.id, "NEW", "NEW"],
      [list.id, "LIST_STATUS", "EXEC_STARTED"],
      [loss!.id, "EXPIRED", "EXPIRED"],
      [profit!.id, "TRADE", "PARTIALLY_FILLED"],
      [profit!.id, "TRADE", "FILLED"],
      [list.id, "LIST_STATUS", "ALL_DONE"],
    ]);
    expectSound(parts);
  });

  test("the leg that is triggered takes the other away, and goes on alone", () => {
    const parts = setUp();
    const { market, bob, oco, stop, limit, trade } = parts;
    const list = market.placeList(oco(bob, [stop(), limit()]), 2);
    trade(9900, 3);
    const [loss, profit] = list.legs;
    expect(profit).toMatchObject({ status: "EXPIRED", expiryReason: "OCO_TRIGGER" });
    expect([loss!.status, loss!.workingUs, market.engine.asks.lotsAt(9800)]).toEqual(["NEW", 3, 1000]);
    expect(market.engine.asks.lotsAt(10_100)).toBe(0);
    expectSound(parts);
  });

  test("of buys locks the dearer of the two", () => {
    const parts = setUp();
    const { market, bob, oco, request } = parts;
    const loss = request(bob, { type: "STOP_LOSS_LIMIT", priceTicks: 10_300, stopTicks: 10_200 });
    const profit = request(bob, { type: "LIMIT_MAKER", priceTicks: 9900 });
    const list = market.placeList(oco(bob, [loss, profit]), 2);
    expect(bob.balance("USDT").locked).toBe(103n * ONE);
    market.placeHouse("SELL", 9900, 400, "IOC", 3);
    expect(bob.balance("USDT").locked).toBe((99n * ONE * 6n) / 10n);
    expect(list.legs[1]!.filledQuoteUnits).toBe((99n * ONE * 4n) / 10n);
    expectSound(parts);
  });

  test("goes as a whole when one leg is cancelled", () => {
    const parts = setUp();
    const { market, bob, oco, stop, limit } = parts;
    const list = market.placeList(oco(bob, [stop(), limit()]), 2);
    market.cancel(list.legs[0]!, "cancel-1", 3);
    for (const leg of list.legs) expect(leg).toMatchObject({ status: "CANCELED", clientOrderId: "cancel-1" });
    expect([list.isOpen, bob.balance("AAA").locked, market.engine.size]).toEqual([false, 0n, 0]);
    expectSound(parts);
  });

  test.each([
    ["a profit below the last price", { priceTicks: 9950 }, {}],
    ["a profit at the last price", { priceTicks: 10_000 }, {}],
    ["a loss above the last price", {}, { stopTicks: 10_050 }],
  ])("is refused with %s", (_what, profit, loss) => {
    const parts = setUp();
    const { market, exchange, bob, oco, stop, limit } = parts;
    expect(() => market.placeList(oco(bob, [stop(loss), limit(profit)]), 2)).toThrow("BAD_PRICES");
    expect([exchange.accepted.size, bob.balance("AAA").locked]).toEqual([0, 0n]);
  });

  test("is refused with an id that is in use, and with more than there is", () => {
    const parts = setUp();
    const { market, exchange, bob, oco, stop, limit } = parts;
    const same = oco(bob, [stop({ clientOrderId: "a" }), limit({ clientOrderId: "a" })]);
    expect(() => market.placeList(same, 2)).toThrow("DUPLICATE_CLIENT_ID");
    market.placeList(oco(bob, [stop(), limit()], "mine"), 2);
    expect(() => market.placeList(oco(bob, [stop(), limit()], "mine"), 2)).toThrow("DUPLICATE_CLIENT_ID");
    const lots = 1_000_001;
    expect(() => market.placeList(oco(bob, [stop({ lots }), limit({ lots })]), 2)).toThrow("INSUFFICIENT_BALANCE");
    expect(exchange.accepted.size).toBe(2);
    expectSound(parts);
  });
});

describe("an OTO", () => {
  test("places its pending order once the working one is filled whole, and locks for it then", () => {
    const parts = setUp();
    const { market, bob, oto, request, limit } = parts;
    const list = market.placeList(oto(bob, [request(bob, { priceTicks: 9900 }), limit()]), 2);
    const pending = list.legs[1]!;
    market.placeHouse("SELL", 9900, 400, "IOC", 3);
    expect([pending.status, bob.balance("AAA").locked]).toEqual(["PENDING_NEW", 0n]);
    market.placeHouse("SELL", 9900, 600, "IOC", 4);
    expect([pending.status, pending.workingUs, bob.balance("AAA").locked]).toEqual(["NEW", 4, ONE]);
    expect(market.engine.asks.lotsAt(10_100)).toBe(1000);
    expectSound(parts);
  });

  test("ends its pending order with a working one that ends unfilled", () => {
    const parts = setUp();
    const { market, bob, oto, request, limit } = parts;
    const list = market.placeList(oto(bob, [request(bob, { priceTicks: 9900, timeInForce: "FOK" }), limit()]), 2);
    expect(list.legs[0]).toMatchObject({ status: "EXPIRED", expiryReason: "UNFILLED_FOK_ORDER_EXPIRED" });
    expect(list.legs[1]).toMatchObject({ status: "EXPIRED", expiryReason: "OTO_PHASE_ONE_EXPIRED" });
    expect(list.isOpen).toBe(false);
    expectSound(parts);
  });

  test.each([
    ["cannot be paid for", { lots: 1_000_000 }, "INSUFFICIENT_BALANCES"],
    ["would take", { priceTicks: 9800 }, "WOULD_MATCH_IMMEDIATELY"],
    [
      "is triggered already",
      { side: "BUY", type: "STOP_LOSS", priceTicks: 0, stopTicks: 9990 },
      "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY",
    ],
  ] as const)("rejects a pending order that %s when its turn comes", (_what, fields, rejectReason) => {
    const parts = setUp();
    const { market, bob, alice, oto, request, limit } = parts;
    market.place(request(alice, { priceTicks: 9800 }), 2);
    const sell = request(bob, { side: "SELL", priceTicks: 10_000 });
    const list = market.placeList(oto(bob, [sell, limit({ ...fields })]), 2);
    market.placeHouse("BUY", 10_000, 1000, "IOC", 3);
    expect(list.legs[1]).toMatchObject({ status: "EXPIRED", expiryReason: "REJECTED", rejectReason });
    expect(list.isOpen).toBe(false);
    expectSound(parts);
  });

  test("as OTOCO places a pair, one of which ends the other", () => {
    const parts = setUp();
    const { market, bob, oto, request, stop, limit } = parts;
    const list = market.placeList(oto(bob, [request(bob, { priceTicks: 9950 }), stop(), limit()]), 2);
    market.placeHouse("SELL", 9950, 1000, "IOC", 3);
    expect(list.legs.map(({ status }) => status)).toEqual(["FILLED", "NEW", "NEW"]);
    expect(bob.balance("AAA").locked).toBe(ONE);
    market.placeHouse("BUY", 10_100, 1000, "IOC", 4);
    expect(list.legs.map(({ status }) => status)).toEqual(["FILLED", "EXPIRED", "FILLED"]);
    expect(list.isOpen).toBe(false);
    expectSound(parts);
  });

  test("with prices that do not fit any more rejects the pair", () => {
    const parts = setUp();
    const { market, bob, oto, request, stop, limit } = parts;
    const list = market.placeList(oto(bob, [request(bob, { priceTicks: 9890 }), stop(), limit()]), 2);
    market.placeHouse("SELL", 9890, 1000, "IOC", 3); // at the stop price of the pair, or below
    for (const leg of list.legs.slice(1)) {
      expect(leg).toMatchObject({ status: "EXPIRED", expiryReason: "REJECTED", rejectReason: "OCO_BAD_PRICES" });
    }
    expectSound(parts);
  });
});

describe("an OPO", () => {
  test("locks what it buys, and sells that in whole steps, the commission paid out of what is free", () => {
    const parts = setUp();
    const { market, alice, oto, request } = parts;
    const sells = request(alice, { side: "SELL", type: "LIMIT_MAKER", priceTicks: 10_100, lots: 0 });
    const list = market.placeList(oto(alice, [request(alice, { priceTicks: 9900 }), sells], { paysPending: true }), 2);
    market.placeHouse("SELL", 9900, 400, "IOC", 3);
    expect(list.receivedUnits).toBe((ONE * 4n) / 10n);
    expect(alice.balance("AAA").locked).toBe((ONE * 4n) / 10n);
    expectSound(parts);
    market.placeHouse("SELL", 9900, 600, "IOC", 4);
    const pending = list.legs[1]!;
    expect([pending.status, pending.lots, pending.openLots]).toEqual(["NEW", 1000, 1000]);
    expect(alice.balance("AAA")).toEqual({ free: 1000n * ONE - 100_000n, locked: ONE });
    expectSound(parts);
  });

  test("sells less where the commission had to come out of what it bought", () => {
    const parts = setUp();
    const { market, alice, bob, oto, request } = parts;
    market.place(request(alice, { side: "SELL", priceTicks: 20_000, lots: 1_000_000 }), 2); // nothing free any more
    const sells = request(alice, { side: "SELL", priceTicks: 10_100, lots: 0 });
    const list = market.placeList(oto(alice, [request(alice, { priceTicks: 9900 }), sells], { paysPending: true }), 2);
    market.place(request(bob, { side: "SELL", priceTicks: 9900 }), 3);
    expect(list.legs[1]).toMatchObject({ status: "NEW", lots: 999 });
    expect(alice.balance("AAA").free).toBe(0n);
    expectSound(parts);
  });

  test("gives back what it locked when it is cancelled before", () => {
    const parts = setUp();
    const { market, bob, oto, request, limit } = parts;
    const list = market.placeList(
      oto(bob, [request(bob, { priceTicks: 9900 }), limit({ lots: 0 })], { paysPending: true }),
      2,
    );
    market.placeHouse("SELL", 9900, 400, "IOC", 3);
    market.cancel(list.legs[1]!, "cancel", 4);
    expect(bob.balance("AAA")).toEqual({ free: 1000n * ONE + (ONE * 4n) / 10n, locked: 0n });
    expectSound(parts);
  });
});

describe("an amendment", () => {
  test("makes an order smaller, and leaves it its id and its place", () => {
    const parts = setUpMarket();
    const { market, alice, bob, request, reports, balanceEvents } = parts;
    const first = market.place(request(alice, { clientOrderId: "first" }), 1);
    market.place(request(bob), 2);
    balanceEvents.length = 0;
    market.amend(first, 400, "second", 3);
    expect(balanceEvents).toEqual([alice]);
    expect(first).toMatchObject({ lots: 400, openLots: 400, clientOrderId: "second" });
    expect(alice.balance("USDT").locked).toBe(40n * ONE);
    expect(market.ledger.findOpen(alice.index, "first")).toBeUndefined();
    expect(reports.at(-1)).toEqual([first.id, "REPLACED", "NEW"]);
    market.placeHouse("SELL", 10_000, 400, "IOC", 4);
    expect(first.status).toBe("FILLED");
    expectSound(parts);
  });

  test("of a pair's leg makes both smaller, and says that an id has changed", () => {
    const parts = setUp();
    const { market, bob, oco, stop, limit, reports } = parts;
    const list = market.placeList(oco(bob, [stop(), limit()]), 2);
    const [loss, profit] = list.legs;
    market.amend(profit!, 250, "smaller", 3);
    expect([loss!.lots, profit!.lots, bob.balance("AAA").locked]).toEqual([250, 250, ONE / 4n]);
    expect(market.engine.asks.lotsAt(10_100)).toBe(250);
    expect(reports.at(-1)).toEqual([list.id, "LIST_STATUS", "UPDATED"]);
    expectSound(parts);
  });

  test("to what is filled already ends the order", () => {
    const parts = setUpMarket();
    const { market, alice, request } = parts;
    const order = market.place(request(alice), 1);
    market.placeHouse("SELL", 10_000, 400, "IOC", 2);
    market.amend(order, 300, "less", 3);
    expect(order).toMatchObject({ status: "EXPIRED", lots: 400, openLots: 0 });
    expectSound(parts);
  });

  test.each([
    [1000, "id-9", "NO_CHANGE"],
    [1001, "id-9", "NOT_SMALLER"],
    [500, "id-1", "DUPLICATE_CLIENT_ID"],
  ])("to %s lots as %s is refused: %s", (lots, clientOrderId, reason) => {
    const { market, alice, request } = setUpMarket();
    const order = market.place(request(alice), 1);
    market.place(request(alice), 1);
    expect(() => market.amend(order, lots, clientOrderId, 2)).toThrow(reason);
    expect(order).toMatchObject({ lots: 1000, clientOrderId: "id-0" });
    market.cancel(order, "cancel", 3);
    expect(() => market.amend(order, 5, "id-9", 4)).toThrow("UNKNOWN_ORDER");
  });
});
