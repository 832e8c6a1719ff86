import type { Instrument, Intent, OrderView } from "pitlane";
import { Account, type AccountRecord } from "./account.ts";
import type { Touch } from "./market.ts";

/**
 * Where a run of an algorithm stands.
 *
 *     working -> done        all is filled, or what is left is too small for an order (`leftLots`)
 *             -> expired     its time is over
 *             -> cancelling  its orders are being taken back -> cancelled | expired | failed
 */
export type AlgoState = "working" | "cancelling" | "done" | "expired" | "cancelled" | "failed";

/** A parent order that is worked, as its owner sees it: live. */
export interface AlgoHandle {
  /** Name of the plugin instance and a number: `twap-1`. */
  readonly id: string;
  readonly state: AlgoState;
  /** Why it ended, or waits; else "". */
  readonly reason: string;
  /** Size of the parent, in lots. */
  readonly sizeLots: number;
  /** Filled so far, in lots. */
  readonly filledLots: number;
  /** Lots of orders that may still fill; those whose outcome is unknown are among them. */
  readonly workingLots: number;
  /** Neither filled nor on its way, in lots. */
  readonly leftLots: number;
  /** True until a final state. */
  readonly isOpen: boolean;
  /** Takes back its orders and ends. What was filled stays. */
  cancel(): void;
  /** Calls `run` once when it has ended; at once when it has already. Not kept over a restart: ask for the handle again by `get`. */
  onDone(run: (handle: AlgoHandle) => void): void;
}

/** What every algorithm is started with. */
export interface ParentOptions {
  readonly instrument: Instrument;
  readonly side: "buy" | "sell";
  /** In lots; a multiple of the venue's step. */
  readonly sizeLots: number;
}

/** Names of the fields of options. By their type, so that one that is added there cannot be left out. */
export type Fields<Options extends object> = Readonly<Record<keyof Options & string, true>>;

export const PARENT_FIELDS: Fields<ParentOptions> = { instrument: true, side: true, sizeLots: true };

/** A value that JSON can carry. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain | undefined };

/** A run as snapshots keep it. */
export interface RunRecord {
  readonly id: string;
  readonly instrument: string;
  readonly options: { readonly [key: string]: Plain };
  readonly own: { readonly [key: string]: Plain };
  readonly state: AlgoState;
  readonly ending: AlgoState;
  readonly reason: string;
  readonly wakeAtUs: number;
  readonly pausedUntilUs: number;
  readonly refusals: number;
  readonly accounts: { readonly [letter: string]: AccountRecord };
}

/** What a run may ask of its desk. */
export interface RunPorts {
  readonly nowUs: () => number;
  /** Where one could trade now; undefined while nobody knows. */
  readonly touch: () => Touch | undefined;
  readonly submit: (intent: Intent) => OrderView;
  readonly cancel: (order: OrderView) => void;
  /** Its owner has asked for something: it is to be stepped. */
  readonly poke: () => void;
  /** A callback of the run's owner threw. */
  readonly onCallbackFault: (id: string, error: unknown) => void;
}

const CANCEL_AGAIN_US = 1_000_000;

/** Letter of the account that most algorithms need no second one beside. */
export const MAIN = "a";

/** One parent order and its children. `Own` is what the algorithm remembers of it: plain data, changed in place. */
export class Run<Options extends ParentOptions, Own extends object> implements AlgoHandle {
  readonly id: string;
  readonly options: Options;
  readonly own: Own;
  readonly accounts = new Map<string, Account>();
  state: AlgoState = "working";
  reason = "";
  /** When it wants to be stepped next, microseconds since the epoch; Infinity for not before something happens. */
  wakeAtUs = Number.POSITIVE_INFINITY;
  /** No new child before this moment, microseconds since the epoch. */
  pausedUntilUs = 0;
  /** Children refused in a row. */
  refusals = 0;
  ending: AlgoState = "working"; // what it becomes once its orders are gone
  readonly #ports: RunPorts;
  readonly #askedAtUs = new Map<string, number>(); // when a child may be taken back again, by client order id
  readonly #callbacks: ((handle: AlgoHandle) => void)[] = [];

  constructor(id: string, options: Options, own: Own, letters: readonly string[], ports: RunPorts) {
    this.id = id;
    this.options = options;
    this.own = own;
    this.#ports = ports;
    for (const letter of letters) this.accounts.set(letter, new Account(options.sizeLots));
  }

  get sizeLots(): number {
    return this.options.sizeLots;
  }

  /** The account that counts: the first one. */
  get main(): Account {
    return this.accounts.values().next().value as Account;
  }

  get filledLots(): number {
    return this.main.filledLots;
  }

  get workingLots(): number {
    return this.main.committedLots - this.main.filledLots;
  }

  get leftLots(): number {
    return this.main.freeLots;
  }

  get isOpen(): boolean {
    return this.state === "working" || this.state === "cancelling";
  }

  get openChildren(): number {
    let open = 0;
    for (const account of this.accounts.values()) open += account.open;
    return open;
  }

  get nowUs(): number {
    return this.#ports.nowUs();
  }

  /** Where one could trade now; undefined while nobody knows. */
  get touch(): Touch | undefined {
    return this.#ports.touch();
  }

  account(letter: string): Account {
    const account = this.accounts.get(letter);
    if (account === undefined) throw new Error(`${this.id} has no account ${letter}`);
    return account;
  }

  /** Submits a child of an account. @throws {Error} When it is larger than what is free: a fault of the algorithm. */
  submit(intent: Omit<Intent, "instrument" | "tag">, letter: string = MAIN): OrderView {
    const account = this.account(letter);
    if (intent.sizeLots > account.freeLots)
      throw new Error(`${this.id} wants ${intent.sizeLots} lots of the ${account.freeLots} that are free`);
    const tag = `${this.id}/${letter}${account.next}`;
    const order = this.#ports.submit({ ...intent, instrument: this.options.instrument, tag });
    account.add(order);
    return order;
  }

  /** Takes back what is open: of one account, or of all. */
  cancelOpen(letter?: string): void {
    for (const [name, account] of this.accounts)
      if (letter === undefined || name === letter) account.forEachOpen((order) => this.takeBack(order));
  }

  /** Takes one child back. A venue that refuses is asked again a second later, not at once. */
  takeBack(order: OrderView): void {
    const againAtUs = this.#askedAtUs.get(order.clientOrderId) ?? 0;
    if (this.nowUs >= againAtUs) {
      this.#askedAtUs.set(order.clientOrderId, this.nowUs + CANCEL_AGAIN_US);
      this.#ports.cancel(order);
    }
    this.wakeAt(this.#askedAtUs.get(order.clientOrderId) ?? 0);
  }

  /** Is stepped again at that moment, or sooner when something happens. */
  wakeAt(atUs: number): void {
    if (atUs < this.wakeAtUs) this.wakeAtUs = atUs;
  }

  /** No new child for `ms` milliseconds; is stepped again then. */
  pause(ms: number): void {
    this.pausedUntilUs = this.nowUs + Math.round(ms * 1000);
    this.wakeAt(this.pausedUntilUs);
  }

  /** True while it may not submit; it is stepped again when that is over. */
  get isPaused(): boolean {
    if (this.nowUs >= this.pausedUntilUs) return false;
    this.wakeAt(this.pausedUntilUs);
    return true;
  }

  /** Ends it: at once, or when its open orders are gone. The first reason stays. */
  end(state: Exclude<AlgoState, "working" | "cancelling">, reason = ""): void {
    if (this.state !== "working") return;
    this.state = "cancelling";
    this.ending = state;
    this.reason = reason;
    this.cancelOpen();
  }

  cancel(): void {
    this.end("cancelled", "cancelled by its owner");
    this.#ports.poke();
  }

  onDone(run: (handle: AlgoHandle) => void): void {
    if (this.isOpen) this.#callbacks.push(run);
    else this.#call(run);
  }

  /** It has ended: tells who asked for it. */
  close(): void {
    for (const run of this.#callbacks.splice(0)) this.#call(run);
  }

  #call(run: (handle: AlgoHandle) => void): void {
    try {
      run(this);
    } catch (error) {
      this.#ports.onCallbackFault(this.id, error);
    }
  }
}
