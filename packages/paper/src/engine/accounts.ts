import { InvalidInputError } from "@pitlane/perf";

/** What an account has of one asset, in units of 10^-8. */
export interface Balance {
  /** For new orders. May be negative for an unlimited account only. */
  free: bigint;
  /** Set aside for open orders. */
  locked: bigint;
}

/** Commission rates are parts of 10^8: 0.1 % is 100000n. */
export interface AccountOptions {
  readonly makerRate: bigint;
  readonly takerRate: bigint;
  /** Trades without locking and may go below zero: the house, which is the other side of everybody. */
  readonly unlimited?: boolean;
}

const RATE_SCALE = 100_000_000n;

/** One owner of orders and its exact balances. */
export class Account {
  /** Its place in `Accounts`, and the `owner` of its orders. */
  readonly index: number;
  readonly makerRate: bigint;
  readonly takerRate: bigint;
  readonly unlimited: boolean;
  readonly #balances = new Map<string, Balance>();
  /** When a balance last changed, microseconds since the epoch. */
  updatedUs = 0;

  constructor(index: number, { makerRate, takerRate, unlimited = false }: AccountOptions) {
    this.index = index;
    this.makerRate = makerRate;
    this.takerRate = takerRate;
    this.unlimited = unlimited;
  }

  /** The balance of `asset`, always the same object; zero until something arrives. */
  balance(asset: string): Balance {
    let balance = this.#balances.get(asset);
    if (balance === undefined) {
      balance = { free: 0n, locked: 0n };
      this.#balances.set(asset, balance);
    }
    return balance;
  }

  /** Every asset it ever had, in order of first use. */
  balances(): ReadonlyMap<string, Readonly<Balance>> {
    return this.#balances;
  }
}

/**
 * All accounts of the exchange and the commissions it took.
 *
 * Nothing is created or lost by trading: per asset, all free and locked balances and `fees` together are always what was
 * deposited. Commission is on the asset received and rounded down to 10^-8, in favour of the account (the venue does not
 * document its rounding).
 */
export class Accounts {
  readonly #accounts: Account[] = [];
  /** Commissions taken so far, by asset, in units of 10^-8. */
  readonly fees = new Map<string, bigint>();

  open(options: AccountOptions): Account {
    const account = new Account(this.#accounts.length, options);
    this.#accounts.push(account);
    return account;
  }

  /** @throws {InvalidInputError} When there is no such account. */
  at(index: number): Account {
    const account = this.#accounts[index];
    if (account === undefined) throw new InvalidInputError(`there is no account ${index}`);
    return account;
  }

  all(): readonly Account[] {
    return this.#accounts;
  }

  /** Books the commission on `units` of `asset` that `account` receives, and returns it; the caller credits the rest. */
  charge(account: Account, asset: string, units: bigint, isMaker: boolean): bigint {
    const rate = isMaker ? account.makerRate : account.takerRate;
    if (rate === 0n) return 0n;
    const commission = (units * rate) / RATE_SCALE;
    if (commission > 0n) this.fees.set(asset, (this.fees.get(asset) ?? 0n) + commission);
    return commission;
  }
}
