import { baseUnits, type Instrument, notionalUnits } from "../instruments.ts";
import type { Account, Accounts } from "./accounts.ts";
import type { BookOrder } from "./book-side.ts";
import type { Desk } from "./desk.ts";
import { type Fill, Order, type PreventedMatch } from "./order.ts";
import type { Seat } from "./seat.ts";
import type { Trade } from "./tape.ts";

/**
 * Books what the matching engine found: fills against locks and balances, and trades that self-trade prevention stopped.
 *
 * Both sides of a trade move the same units, so that nothing is made or lost: what the buyer pays the seller gets, less the
 * commissions, which the exchange keeps.
 */
export class Settlement {
  readonly #instrument: Instrument;
  readonly #accounts: Accounts;
  readonly #house: Seat;
  readonly #desk: Desk;
  #nextPreventedId = 1;

  constructor(instrument: Instrument, accounts: Accounts, house: Account, desk: Desk) {
    this.#instrument = instrument;
    this.#accounts = accounts;
    this.#house = desk.ledger.seat(house);
    this.#desk = desk;
  }

  /** Quote units of a trade. */
  quoteUnits(priceTicks: number, lots: number): bigint {
    return notionalUnits(this.#instrument, priceTicks, lots);
  }

  /** Books one side of `trade`. */
  settle(order: BookOrder, trade: Trade, isMaker: boolean): void {
    const isBuy = order.side === "BUY";
    const units = baseUnits(this.#instrument, trade.lots);
    const { quoteUnits } = trade;
    if (!(order instanceof Order)) {
      this.#settleHouse(isBuy, units, quoteUnits, isMaker);
      return;
    }
    const { seat, list } = order;
    const { base, quote } = this.#instrument;
    const paidUnits = isBuy ? quoteUnits : units;
    const receivedUnits = isBuy ? units : quoteUnits;
    seat.pay(order.side, paidUnits);
    order.lockedUnits -= paidUnits;
    const commissionAsset = isBuy ? base : quote;
    const commissionUnits = this.#accounts.charge(seat.account, commissionAsset, receivedUnits, isMaker);
    if (list?.paysPending === true && list.working === order) {
      lockReceived(order, receivedUnits, commissionUnits);
    } else if (isBuy) {
      seat.base.free += units - commissionUnits;
    } else {
      seat.quote.free += quoteUnits - commissionUnits;
    }
    const fill: Fill = {
      order,
      tradeId: trade.id,
      priceTicks: trade.priceTicks,
      lots: trade.lots,
      quoteUnits,
      commissionUnits,
      commissionAsset,
      isMaker,
      atUs: trade.atUs,
    };
    if (order.fills.length === 0) order.fills = [fill];
    else order.fills.push(fill);
    this.#desk.ledger.fills.push(fill);
    order.filledLots += trade.lots;
    order.filledQuoteUnits += quoteUnits;
    this.#desk.touched.add(seat.account);
    if (order.openLots === 0) {
      order.status = "FILLED";
      this.#desk.close(order);
    } else {
      order.status = "PARTIALLY_FILLED";
      this.#desk.trim(order);
    }
    this.#desk.report(order, "TRADE", fill);
  }

  /** Books a trade that did not happen; both orders' `openLots` are already reduced. */
  prevent(taker: Order, maker: Order, takerLots: number, makerLots: number): void {
    const prevented: PreventedMatch = {
      id: this.#nextPreventedId++,
      taker,
      maker,
      mode: taker.request.prevention,
      priceTicks: maker.limitTicks,
      takerLots,
      makerLots,
      atUs: this.#desk.nowUs,
    };
    this.#desk.ledger.prevented.push(prevented);
    taker.preventions = [...(taker.preventions ?? []), prevented];
    this.#take(maker, makerLots, prevented);
    this.#take(taker, takerLots, prevented);
  }

  #take(order: Order, lots: number, prevented: PreventedMatch): void {
    if (lots === 0) return;
    order.preventedLots += lots;
    order.preventedMatchId = prevented.id;
    this.#desk.touched.add(order.seat.account);
    if (order.openLots === 0) {
      order.status = "EXPIRED_IN_MATCH";
      this.#desk.close(order);
    } else {
      this.#desk.trim(order);
    }
    this.#desk.report(order, "TRADE_PREVENTION", undefined, prevented);
  }

  // The house trades without locks and may go below zero.
  #settleHouse(isBuy: boolean, units: bigint, quoteUnits: bigint, isMaker: boolean): void {
    const { account, base, quote } = this.#house;
    const asset = isBuy ? this.#instrument.base : this.#instrument.quote;
    const commission = this.#accounts.charge(account, asset, isBuy ? units : quoteUnits, isMaker);
    base.free += isBuy ? units - commission : -units;
    quote.free += isBuy ? -quoteUnits : quoteUnits - commission;
  }
}

/**
 * What the working order of an OPO list buys is locked for its pending orders. The commission comes out of the free balance where
 * that has enough, so that the whole quantity can be sold. Source: binance-spot-api-docs, faqs/opo.md.
 */
function lockReceived({ seat, list }: Order, units: bigint, commissionUnits: bigint): void {
  const { base } = seat;
  const locked = base.free >= commissionUnits ? units : units - commissionUnits;
  base.free += units - commissionUnits - locked;
  base.locked += locked;
  list!.receivedUnits += locked;
}
