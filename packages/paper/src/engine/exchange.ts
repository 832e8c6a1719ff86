import type { Instrument } from "../instruments.ts";
import { AcceptedOrders } from "./accepted.ts";
import { type Account, Accounts } from "./accounts.ts";
import type { AcceptedOrder } from "./ledger.ts";
import { type Kept, Market, type MarketListener } from "./market.ts";
import { OrderLists } from "./order-list.ts";

export interface ExchangeOptions {
  readonly instruments: readonly Instrument[];
  readonly listener: MarketListener;
  /** By each market. Default `DEFAULT_KEPT`. */
  readonly kept?: Kept;
}

/** Enough for a minute of 1,500 orders a second in one market. */
export const DEFAULT_KEPT: Kept = { orders: 100_000, trades: 20_000 };

/** All markets, all accounts, and the public ledger. Pure: no clock, no input or output; time comes with each call. */
export class Exchange {
  readonly accounts = new Accounts();
  /** The unlimited account of the market model: the other side of everybody. Pays no commission. */
  readonly house: Account;
  readonly markets: readonly Market[];
  /** Every order ever accepted from an account: the judge of "sent twice". */
  readonly accepted: AcceptedOrders;
  readonly lists = new OrderLists();
  readonly #bySymbol = new Map<string, Market>();

  constructor({ instruments, listener, kept = DEFAULT_KEPT }: ExchangeOptions) {
    this.house = this.accounts.open({ makerRate: 0n, takerRate: 0n, unlimited: true });
    this.accepted = new AcceptedOrders(instruments.map(({ symbol }) => symbol));
    this.markets = instruments.map((instrument, index) => {
      const market = new Market({
        instrument,
        accounts: this.accounts,
        house: this.house,
        lists: this.lists,
        listener,
        kept,
        onAccepted: ({ owner, id, clientOrderId, createdUs }) =>
          this.accepted.add(owner, index, id, clientOrderId, createdUs),
      });
      this.#bySymbol.set(instrument.symbol, market);
      return market;
    });
  }

  market(symbol: string): Market | undefined {
    return this.#bySymbol.get(symbol);
  }

  /** Every order ever accepted from an account, in order; made anew by each call. For a part of them, or for one id, ask `accepted`. */
  acceptedOrders(): readonly AcceptedOrder[] {
    return this.accepted.list();
  }
}
