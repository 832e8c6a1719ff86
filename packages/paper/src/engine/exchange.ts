import type { Instrument } from "../instruments.ts";
import { type Account, Accounts } from "./accounts.ts";
import type { AcceptedOrder } from "./ledger.ts";
import { Market, type MarketListener } from "./market.ts";

export interface ExchangeOptions {
  readonly instruments: readonly Instrument[];
  readonly listener: MarketListener;
}

/** All markets, all accounts, and the public ledger. Pure: no clock, no input or output; time comes with each call. */
export class Exchange {
  readonly accounts = new Accounts();
  /** The unlimited account of the market model: the other side of everybody. Pays no commission. */
  readonly house: Account;
  readonly markets: readonly Market[];
  readonly #bySymbol = new Map<string, Market>();
  readonly #accepted: AcceptedOrder[] = [];

  constructor({ instruments, listener }: ExchangeOptions) {
    this.house = this.accounts.open({ makerRate: 0n, takerRate: 0n, unlimited: true });
    this.markets = instruments.map((instrument) => {
      const market = new Market({
        instrument,
        accounts: this.accounts,
        house: this.house,
        listener,
        onAccepted: ({ id, clientOrderId }) => {
          this.#accepted.push({ symbol: instrument.symbol, orderId: id, clientOrderId });
        },
      });
      this.#bySymbol.set(instrument.symbol, market);
      return market;
    });
  }

  market(symbol: string): Market | undefined {
    return this.#bySymbol.get(symbol);
  }

  /**
   * Every order ever accepted from an account, in order. Never shortened, at about 100 bytes an order: a judge of
   * "sent twice" must not forget.
   */
  acceptedOrders(): readonly AcceptedOrder[] {
    return this.#accepted;
  }
}
