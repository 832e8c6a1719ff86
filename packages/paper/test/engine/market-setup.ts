import { expect } from "vitest";
import type { Account } from "../../src/engine/accounts.ts";
import { DEFAULT_KEPT, Exchange } from "../../src/engine/exchange.ts";
import type { ListRequest } from "../../src/engine/lists.ts";
import { hasNoLimit, type Order, type OrderRequest } from "../../src/engine/order.ts";
import { baseUnits, notionalUnits, toInstrument } from "../../src/instruments.ts";

export const ONE = 100_000_000n;

/**
 * A market of AAAUSDT with two accounts of 1000 AAA and 10000 USDT each: alice pays commission, bob none. Prices have 2 decimals in
 * steps of 0.05, sizes 3 decimals; with `fine`, price x size has more than 8 decimals and is cut.
 */
export function setUpMarket({ fine = false, kept = DEFAULT_KEPT } = {}) {
  const instrument = toInstrument({
    symbol: "AAAUSDT",
    base: "AAA",
    quote: "USDT",
    tickSize: fine ? "0.00005" : "0.05",
    lotSize: fine ? "0.00001" : "0.001",
    minSize: fine ? "0.00001" : "0.001",
    maxSize: "1000",
    minNotional: "0",
    startPrice: fine ? "0.1" : "100",
  });
  /** `[order id, execution, status]`, or `[list id, "LIST_STATUS", status]`. */
  const reports: [number, string, string][] = [];
  const balanceEvents: Account[] = [];
  const exchange = new Exchange({
    instruments: [instrument],
    kept,
    listener: {
      onTrade: () => {},
      onAggregate: () => {},
      onLevel: () => {},
      onBook: () => {},
      onReport: (_market, { order, execution, list }) => {
        reports.push(list === undefined ? [order.id, execution, order.status] : [list.id, execution, list.statusType]);
      },
      onBalances: (account) => balanceEvents.push(account),
    },
  });
  const open = (rate: bigint) => {
    const account = exchange.accounts.open({ makerRate: rate, takerRate: rate * 2n });
    account.balance("AAA").free = 1000n * ONE;
    account.balance("USDT").free = 10_000n * ONE;
    return account;
  };
  const alice = open(100_000n); // 0.1 % and 0.2 %
  const bob = open(0n);
  const market = exchange.markets[0]!;
  let ids = 0;
  const request = (account: Account, fields: Partial<OrderRequest> = {}): OrderRequest => ({
    account,
    side: "BUY",
    type: "LIMIT",
    timeInForce: "GTC",
    priceTicks: 10_000,
    lots: 1000,
    quoteUnits: 0n,
    clientOrderId: `id-${ids++}`,
    prevention: "NONE",
    ...fields,
  });
  const oco = (account: Account, legs: readonly OrderRequest[], clientOrderId = `list-${ids++}`): ListRequest => ({
    account,
    clientOrderId,
    contingency: "OCO",
    paysPending: false,
    legs,
  });
  const oto = (
    account: Account,
    legs: readonly OrderRequest[],
    { paysPending = false, clientOrderId = `list-${ids++}` } = {},
  ): ListRequest => ({ account, clientOrderId, contingency: "OTO", paysPending, legs });
  /** Lets the house trade `lots` at a price, so that this is the last one. */
  const trade = (priceTicks: number, nowUs: number, lots = 1) => {
    market.placeHouse("SELL", priceTicks, lots, "GTC", nowUs);
    market.placeHouse("BUY", priceTicks, lots, "IOC", nowUs);
  };
  return { instrument, exchange, market, alice, bob, request, oco, oto, trade, reports, balanceEvents };
}

type Parts = ReturnType<typeof setUpMarket>;

/** Checks what must hold between any two calls: no unit is made or lost, and locks, statuses and places in the book agree. */
export function expectSound({ exchange, market, instrument }: Parts): void {
  const bid = market.engine.bids.best?.priceTicks ?? 0;
  expect(bid).toBeLessThan(market.engine.asks.best?.priceTicks ?? Number.POSITIVE_INFINITY);
  for (const { levels } of [market.engine.bids, market.engine.asks]) {
    for (const level of levels) {
      let shown = 0;
      for (let order = level.head; order !== null; order = order.next) shown += order.openLots - order.hiddenLots;
      expect(level.lots).toBe(shown);
      expect(shown).toBeGreaterThan(0);
    }
  }
  const deposited = { AAA: 2000n * ONE, USDT: 20_000n * ONE };
  for (const [asset, sum] of Object.entries(deposited)) {
    let found = exchange.accounts.fees.get(asset) ?? 0n;
    for (const account of exchange.accounts.all()) {
      const { free, locked } = account.balance(asset);
      found += free + locked;
      if (account.unlimited) continue;
      expect(free).toBeGreaterThanOrEqual(0n);
      // What is locked is what the open orders hold, and what OPO lists keep for their pending orders.
      const paysWith = asset === "USDT" ? "BUY" : "SELL";
      const orders = market.ledger.open(account.index).filter((order) => order.side === paysWith);
      let held = orders.reduce((units, order) => units + order.lockedUnits, 0n);
      if (asset === "AAA") for (const list of exchange.lists.open(account.index)) held += list.receivedUnits;
      expect(locked).toBe(held);
    }
    expect(found).toBe(sum);
  }
  for (const order of market.ledger.all) {
    expectSoundOrder(order, instrument.lotIncrement);
    if (!order.isOpen || order.list !== null) continue;
    // An order on its own holds what it may still need, and no more.
    const { lockedUnits, side, openLots, limitTicks } = order;
    if (side === "SELL") expect(lockedUnits).toBe(baseUnits(instrument, openLots));
    else if (!hasNoLimit(order.request.type)) {
      expect(lockedUnits).toBe(notionalUnits(instrument, limitTicks, openLots));
    }
  }
  for (const list of exchange.lists.all) {
    expect(list.isOpen).toBe(list.legs.some(({ isOpen }) => isOpen));
    for (const leg of list.legs) {
      const partner = list.partnerOf(leg);
      if (partner !== undefined) expect(Math.min(leg.filledLots, partner.filledLots)).toBe(0);
    }
    if (list.working?.status === "FILLED") continue;
    for (const leg of list.pending) expect(leg.filledLots).toBe(0);
  }
  for (const account of exchange.accounts.all()) {
    const seat = market.ledger.seat(account);
    const open = seat.open();
    expect(seat.openCount).toBe(open.length);
    expect(seat.openContingent).toBe(open.filter(({ trigger }) => trigger !== null).length);
    expect(seat.openIcebergs).toBe(open.filter(({ icebergLots }) => icebergLots > 0).length);
    expect(seat.openLists).toBe(exchange.lists.open(account.index).length);
  }
}

function expectSoundOrder(order: Order, lotIncrement: number): void {
  const filled = order.fills.reduce((lots, fill) => lots + fill.lots, 0);
  expect(order.filledLots).toBe(filled);
  expect(order.filledLots + order.preventedLots + order.openLots).toBe(order.lots);
  expect(order.lots % lotIncrement).toBe(0);
  if (!order.isOpen) {
    expect(order.lockedUnits).toBe(0n);
    expect(order.level).toBeNull();
    return;
  }
  const isWorking = order.workingUs >= 0;
  expect(order.level !== null).toBe(isWorking);
  if (order.status === "PENDING_NEW") expect(order.list?.working?.isOpen).toBe(true);
  else if (!isWorking) expect(order.trigger).not.toBeNull();
}
