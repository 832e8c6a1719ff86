import { PitlaneError } from "@pitlane/perf";
import { baseUnits, type Instrument, notionalUnits } from "../instruments.ts";
import type { Account, Accounts } from "./accounts.ts";
import { BookOrder, type Side } from "./book-side.ts";
import { OrderLedger } from "./ledger.ts";
import { MatchingEngine, type SelfTradePrevention, type TimeInForce } from "./matching-engine.ts";
import { type ExpiryReason, type Fill, Order, type OrderRequest } from "./order.ts";
import { sweep } from "./sweep.ts";
import { type AggregateTrade, Tape, type Trade } from "./tape.ts";

/** Why the engine refused an order. */
export type RefusalReason =
  | "DUPLICATE_CLIENT_ID"
  | "INSUFFICIENT_BALANCE"
  | "WOULD_TAKE"
  | "EMPTY_BOOK"
  | "NO_LIQUIDITY";

/** The engine refused an order; nothing has changed. */
export class OrderRefusedError extends PitlaneError {
  readonly code = "ORDER_REFUSED";
  readonly retryable = false;
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(`order refused: ${reason}`);
    this.reason = reason;
  }
}

/** One thing that happened to an account's order. */
export interface OrderReport {
  /** As it is after the event; read it now, it changes. */
  readonly order: Order;
  readonly execution: "NEW" | "TRADE" | "CANCELED" | "EXPIRED" | "TRADE_PREVENTION";
  /** Grows from event to event of a market. */
  readonly executionId: number;
  readonly atUs: number;
  /** The trade, of a TRADE. */
  readonly fill?: Fill;
  /** The order it met, of a TRADE_PREVENTION. */
  readonly met?: Order;
}

/** Told what happens in every market, in order, while it happens. Must not call a market back. */
export interface MarketListener {
  onTrade(market: Market, trade: Trade): void;
  onAggregate(market: Market, aggregate: AggregateTrade): void;
  onLevel(market: Market, side: Side, priceTicks: number): void;
  /** A call is done and has changed the book. */
  onBook(market: Market, atUs: number): void;
  onReport(market: Market, report: OrderReport): void;
  /** Balances of `assets` may have changed in the call that is now done. */
  onBalances(account: Account, assets: readonly string[], atUs: number): void;
}

export interface MarketOptions {
  readonly instrument: Instrument;
  readonly accounts: Accounts;
  /** The unlimited account whose orders are quotes: they are in the book and on the tape, but not in the ledger. */
  readonly house: Account;
  readonly listener: MarketListener;
  /** Called with each order accepted from an account. */
  readonly onAccepted: (order: Order) => void;
}

/**
 * One instrument's market: its book, the orders and fills of its accounts, and its tape.
 *
 * An order locks what it may cost, pays from that as it fills, and gets the rest back when it ends or fills better than its
 * limit. Each call is one step: reports come while it runs, in order; then, once, the change of balances and of the book.
 */
export class Market {
  readonly instrument: Instrument;
  readonly engine: MatchingEngine;
  readonly ledger = new OrderLedger();
  readonly tape = new Tape();
  readonly #accounts: Accounts;
  readonly #house: Account;
  readonly #listener: MarketListener;
  readonly #onAccepted: (order: Order) => void;
  readonly #assets: readonly string[];
  readonly #touched = new Set<Account>();
  #updateId = 0;
  #updateIdBefore = 0;
  #nesting = 0; // calls within calls of `together`
  #nextOrderId = 1;
  #nextExecutionId = 1;
  #nextPreventedId = 1;
  #nowUs = 0;

  constructor({ instrument, accounts, house, listener, onAccepted }: MarketOptions) {
    this.instrument = instrument;
    this.#accounts = accounts;
    this.#house = house;
    this.#listener = listener;
    this.#onAccepted = onAccepted;
    this.#assets = [instrument.base, instrument.quote];
    this.engine = new MatchingEngine({
      onFill: (taker, maker, priceTicks, lots) => this.#onFill(taker, maker, priceTicks, lots),
      onPrevented: (maker, taker) => this.#onPrevented(maker, taker),
      onLevel: (side, priceTicks) => {
        this.#updateId++;
        listener.onLevel(this, side, priceTicks);
      },
    });
  }

  /** Counts every change of a level: the book's version. */
  get updateId(): number {
    return this.#updateId;
  }

  /**
   * Accepts and matches an account's order.
   *
   * @returns The order, which may already be filled, expired or resting.
   * @throws {OrderRefusedError} When its client id is in use, it is post-only and would trade, the account has too little, or
   * it is a market order by quote amount and the book holds less than the smallest order.
   */
  place(request: OrderRequest, nowUs: number): Order {
    const { account, side, type } = request;
    if (this.ledger.findOpen(account.index, request.clientOrderId) !== undefined) {
      throw new OrderRefusedError("DUPLICATE_CLIENT_ID");
    }
    if (type === "LIMIT_MAKER" && this.engine.wouldTake(side, request.priceTicks)) {
      throw new OrderRefusedError("WOULD_TAKE");
    }
    const { lots, lockUnits } = this.#sizeOf(request);
    if (!account.tryLock(this.#paidIn(side), lockUnits)) throw new OrderRefusedError("INSUFFICIENT_BALANCE");

    this.#begin(nowUs);
    const order = new Order(this.#nextOrderId++, request, lots, nowUs);
    order.lockedUnits = lockUnits;
    this.ledger.add(order);
    this.#onAccepted(order);
    this.#touched.add(account);
    this.#report(order, "NEW");
    const timeInForce = type === "MARKET" ? "IOC" : request.timeInForce;
    const outcome = this.engine.place(order, timeInForce, request.prevention);
    if (outcome === "EXPIRED") this.#expire(order, expiryReason(request));
    if (outcome === "EXPIRED_IN_MATCH") this.#prevent(order, undefined);
    this.#end();
    return order;
  }

  /** Cancels an open order, which goes by `cancelId` from then on. */
  cancel(order: Order, cancelId: string, nowUs: number): void {
    this.#begin(nowUs);
    this.engine.cancel(order);
    this.ledger.rename(order, cancelId);
    order.status = "CANCELED";
    this.#close(order);
    this.#report(order, "CANCELED");
    this.#end();
  }

  /** Places an order of the house. @returns It: resting when it has a `level`. */
  placeHouse(
    side: Side,
    priceTicks: number,
    lots: number,
    timeInForce: TimeInForce,
    nowUs: number,
    prevention: SelfTradePrevention = "NONE",
  ): BookOrder {
    this.#begin(nowUs);
    const order = new BookOrder(this.#nextOrderId++, this.#house.index, side, priceTicks, lots);
    this.engine.place(order, timeInForce, prevention);
    this.#end();
    return order;
  }

  /** Takes a house order off the book, when it still rests. */
  cancelHouse(order: BookOrder, nowUs: number): void {
    this.#begin(nowUs);
    this.engine.cancel(order);
    this.#end();
  }

  /** Gives a resting house order another size, above 0, at the same place of the queue. */
  resizeHouse(order: BookOrder, lots: number, nowUs: number): void {
    this.#begin(nowUs);
    this.engine.resize(order, lots);
    this.#end();
  }

  /** Makes one step of all the calls that `work` makes: `onBook` and `onBalances` come once, at its end. */
  together(nowUs: number, work: () => void): void {
    this.#begin(nowUs);
    try {
      work();
    } finally {
      this.#end();
    }
  }

  #begin(nowUs: number): void {
    if (this.#nesting++ > 0) return;
    this.#nowUs = nowUs;
    this.#updateIdBefore = this.#updateId;
  }

  #end(): void {
    const aggregate = this.tape.endAggregate();
    if (aggregate !== undefined) this.#listener.onAggregate(this, aggregate);
    if (--this.#nesting > 0) return;
    for (const account of this.#touched) {
      account.updatedUs = this.#nowUs;
      this.#listener.onBalances(account, this.#assets, this.#nowUs);
    }
    this.#touched.clear();
    if (this.#updateId !== this.#updateIdBefore) this.#listener.onBook(this, this.#nowUs);
  }

  // How many lots the order is, and how many units to lock for it.
  #sizeOf(request: OrderRequest): { lots: number; lockUnits: bigint } {
    const { side, type, account, prevention } = request;
    const { instrument } = this;
    if (type !== "MARKET") {
      const { lots, priceTicks } = request;
      return {
        lots,
        lockUnits: side === "BUY" ? notionalUnits(instrument, priceTicks, lots) : baseUnits(instrument, lots),
      };
    }
    const owner = account.index;
    if (request.quoteUnits === 0n) {
      const { lots } = request;
      if (side === "SELL") return { lots, lockUnits: baseUnits(instrument, lots) };
      return { lots, lockUnits: sweep(this.engine, instrument, { side, owner, prevention, lots }).quoteUnits };
    }
    const found = sweep(this.engine, instrument, { side, owner, prevention, quoteUnits: request.quoteUnits });
    if (found.lots === 0 && found.ranDry) throw new OrderRefusedError("EMPTY_BOOK");
    if (found.lots < instrument.minLots) throw new OrderRefusedError("NO_LIQUIDITY");
    // On a book that runs dry it asks for a step more than there is, and so ends EXPIRED like one given by quantity.
    const lots = found.ranDry ? found.lots + instrument.lotIncrement : found.lots;
    return { lots, lockUnits: side === "BUY" ? found.quoteUnits : baseUnits(instrument, lots) };
  }

  #onFill(taker: BookOrder, maker: BookOrder, priceTicks: number, lots: number): void {
    const quoteUnits = notionalUnits(this.instrument, priceTicks, lots);
    const trade = this.tape.add(priceTicks, lots, quoteUnits, maker.side === "BUY", this.#nowUs);
    this.#listener.onTrade(this, trade);
    const ended = this.tape.aggregate(trade);
    if (ended !== undefined) this.#listener.onAggregate(this, ended);
    this.#settle(taker, trade, false);
    this.#settle(maker, trade, true);
  }

  #settle(order: BookOrder, trade: Trade, isMaker: boolean): void {
    const { instrument } = this;
    const account = this.#accounts.at(order.owner);
    const isBuy = order.side === "BUY";
    const units = baseUnits(instrument, trade.lots);
    const paidUnits = isBuy ? trade.quoteUnits : units;
    account.pay(this.#paidIn(order.side), paidUnits);
    const commissionAsset = isBuy ? instrument.base : instrument.quote;
    const commissionUnits = this.#accounts.receive(account, commissionAsset, isBuy ? units : trade.quoteUnits, isMaker);
    if (!(order instanceof Order)) return;

    const { priceTicks, lots, quoteUnits } = trade;
    const fill: Fill = {
      order,
      tradeId: trade.id,
      priceTicks,
      lots,
      quoteUnits,
      commissionUnits,
      commissionAsset,
      isMaker,
      atUs: this.#nowUs,
    };
    order.fills.push(fill);
    this.ledger.fills.push(fill);
    order.filledLots += lots;
    order.filledQuoteUnits += quoteUnits;
    order.lockedUnits -= paidUnits;
    if (order.openLots === 0) {
      order.status = "FILLED";
      this.#close(order);
    } else {
      order.status = "PARTIALLY_FILLED";
      this.#unlock(order, order.lockedUnits - this.#neededUnits(order));
    }
    this.#touched.add(account);
    this.#report(order, "TRADE", { fill });
  }

  #onPrevented(maker: BookOrder, taker: BookOrder): void {
    if (maker instanceof Order) this.#prevent(maker, taker instanceof Order ? taker : undefined);
  }

  #prevent(order: Order, met: Order | undefined): void {
    order.preventedLots = order.openLots;
    order.preventedMatchId = this.#nextPreventedId++;
    order.status = "EXPIRED_IN_MATCH";
    this.#close(order);
    this.#report(order, "TRADE_PREVENTION", met === undefined ? {} : { met });
  }

  #expire(order: Order, reason: ExpiryReason): void {
    order.status = "EXPIRED";
    order.expiryReason = reason;
    this.#close(order);
    this.#report(order, "EXPIRED");
  }

  #close(order: Order): void {
    this.ledger.close(order);
    this.#unlock(order, order.lockedUnits);
    this.#touched.add(order.account);
  }

  #unlock(order: Order, units: bigint): void {
    if (units === 0n) return;
    order.lockedUnits -= units;
    order.account.unlock(this.#paidIn(order.side), units);
  }

  // A market order may still need all it has locked: only its end gives back.
  #neededUnits(order: Order): bigint {
    if (order.side === "SELL") return baseUnits(this.instrument, order.openLots);
    if (order.request.type === "MARKET") return order.lockedUnits;
    return notionalUnits(this.instrument, order.limitTicks, order.openLots);
  }

  #paidIn(side: Side): string {
    return side === "BUY" ? this.instrument.quote : this.instrument.base;
  }

  #report(order: Order, execution: OrderReport["execution"], detail: Pick<OrderReport, "fill" | "met"> = {}): void {
    order.updatedUs = this.#nowUs;
    this.#listener.onReport(this, {
      order,
      execution,
      executionId: this.#nextExecutionId++,
      atUs: this.#nowUs,
      ...detail,
    });
  }
}

function expiryReason({ type, timeInForce }: OrderRequest): ExpiryReason {
  if (type === "MARKET") return "INSUFFICIENT_LIQUIDITY";
  return timeInForce === "FOK" ? "UNFILLED_FOK_ORDER_EXPIRED" : "UNFILLED_IOC_QUANTITY_EXPIRED";
}
