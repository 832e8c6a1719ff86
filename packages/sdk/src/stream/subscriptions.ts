import type { Clock } from "@pitlane/perf";
import { SlidingWindow } from "@pitlane/perf/limit";
import { TimeoutError } from "../errors.ts";
import type { Link } from "./link.ts";
import { Settlement } from "./settlement.ts";

/** How a venue is asked for streams, rooms or channels by name. */
export interface SubscriptionDialect {
  /** Most names in one message; 1 where each needs a message of its own. */
  readonly namesPerMessage: number;
  /** Most messages of ours in any window of a connection: the venue's limit less what pings and pongs may take. */
  readonly pace: { readonly messages: number; readonly windowMs: number };
  /** The text that asks for `names`; `id` is unique in the connection. */
  subscribe(names: readonly string[], id: number): string;
  unsubscribe(names: readonly string[], id: number): string;
  /**
   * Reads a frame as the answer to a request; undefined when it is none. Left out where requests are not answered: what was
   * sent then counts as confirmed.
   */
  readonly readAnswer?: (data: Buffer) => SubscriptionAnswer | undefined;
}

export interface SubscriptionAnswer {
  /** Undefined where the venue's error names no request. */
  readonly id: number | undefined;
  /** Undefined when it was granted. */
  readonly error: Error | undefined;
}

export interface SubscriptionsOptions {
  readonly dialect: SubscriptionDialect;
  /** What is wanted from the start. */
  readonly names?: Iterable<string>;
  /** Refusals, and requests that got no answer. */
  readonly onError: (error: Error) => void;
  /** An answer that takes longer makes the request be repeated, in milliseconds; 10 to 600,000, default 5,000. */
  readonly answerWithinMs?: number;
  readonly clock: Pick<Clock, "monotonicNs">;
}

interface Request {
  readonly isSubscribe: boolean;
  readonly names: readonly string[];
  readonly sentNs: number;
  /** How often it was sent before. */
  readonly repeats: number;
}

/** What is known of a name on one socket; a name that is not in the map was not asked for. */
type NameState = "asked" | "confirmed" | "refused" | "leaving";

interface LinkState {
  readonly names: Map<string, NameState>;
  readonly requests: Map<number, Request>;
  readonly window: SlidingWindow;
  /** Something may be left to ask for. */
  isDirty: boolean;
}

const MOST_REPEATS = 2;

/**
 * Keeps what a connection is subscribed to equal to what is wanted: after every open, and as that changes.
 *
 *   wanted --request--> asked --answer--> confirmed      unwanted: confirmed --request--> leaving --answer--> forgotten
 *                         \-- refused: told, and not asked again on this socket
 *
 * Requests are batched and paced by the venue's rule; one without an answer is repeated twice, and then its socket given up.
 * Each socket has a state of its own, so that a successor is subscribed while the one before it still serves. It owns no timer:
 * `check` is called by the connection's tick.
 *
 * @example
 * const subscriptions = new Subscriptions({ dialect, names: ["btcusdt@trade"], onError, clock });
 * const connection = new Connection({
 *   onOpen: (link) => subscriptions.opened(link),
 *   onFrame: (data, _isBinary, _atUs, _ns, link) => { if (!subscriptions.tryAnswer(data, link)) read(data); },
 *   onLost: (_reason, link) => subscriptions.lost(link),
 *   onTick: () => subscriptions.check(),
 *   ...rest,
 * });
 * subscriptions.add(["ethusdt@trade"]);
 */
export class Subscriptions {
  readonly #dialect: SubscriptionDialect;
  readonly #onError: (error: Error) => void;
  readonly #answerWithinMs: number;
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #wanted: Set<string>;
  readonly #links = new Map<Link, LinkState>();
  #settled: Settlement | undefined; // asked for by somebody
  #lastId = 0;

  /** Takes options as they are: the venue kit hands out `Subscriptions` that check them. */
  constructor({ dialect, names = [], onError, answerWithinMs = 5_000, clock }: SubscriptionsOptions) {
    this.#dialect = dialect;
    this.#onError = onError;
    this.#answerWithinMs = answerWithinMs;
    this.#clock = clock;
    this.#wanted = new Set(names);
  }

  /** What is wanted now, in the order it was asked for. */
  get wanted(): ReadonlySet<string> {
    return this.#wanted;
  }

  /** Whether some open socket is subscribed to `name`. */
  isConfirmed(name: string): boolean {
    for (const { names } of this.#links.values()) if (names.get(name) === "confirmed") return true;
    return false;
  }

  /** Wants `names` too; those that are wanted already change nothing. */
  add(names: Iterable<string>): void {
    for (const name of names) this.#wanted.add(name);
    this.#pumpAll();
  }

  /** Wants `names` no more. */
  remove(names: Iterable<string>): void {
    for (const name of names) this.#wanted.delete(name);
    this.#pumpAll();
  }

  /** Leaves `names` and asks for them again, wherever they are confirmed: for streams that brought nothing for too long. */
  refresh(names: readonly string[]): void {
    for (const [link, state] of this.#links) {
      const confirmed = names.filter((name) => state.names.get(name) === "confirmed");
      if (confirmed.length > 0) this.#askAll(link, state, false, confirmed);
    }
    this.#pumpAll();
  }

  /** Nothing will be confirmed any more: who waits for it is told so. */
  close(): void {
    this.#links.clear();
    this.#settled?.reject(new Error("the stream was closed before its subscriptions were confirmed"));
  }

  /** Resolves when all that is wanted is confirmed, or refused, on a socket: at once where that is so. */
  whenSettled(): Promise<void> {
    for (const state of this.#links.values()) if (this.#isSettled(state)) return Promise.resolve();
    this.#settled ??= new Settlement();
    return this.#settled.promise;
  }

  /** A socket is open: asks for everything wanted but `already`, which its URL named, and calls the link's `ready` in the end. */
  opened(link: Link, already: Iterable<string> = []): void {
    const { messages, windowMs } = this.#dialect.pace;
    const state: LinkState = {
      names: new Map(),
      requests: new Map(),
      window: new SlidingWindow({ limit: messages, windowMs, clock: this.#clock }),
      isDirty: true,
    };
    for (const name of already) state.names.set(name, "confirmed");
    this.#links.set(link, state);
    this.#pump(link, state);
  }

  /** A socket is gone: what it was asked and had confirmed is forgotten. */
  lost(link: Link): void {
    this.#links.delete(link);
  }

  /** Takes a frame when it is an answer; false when it is not. */
  tryAnswer(data: Buffer, link: Link): boolean {
    const answer = this.#dialect.readAnswer?.(data);
    if (answer === undefined) return false;
    if (answer.error !== undefined) this.#onError(answer.error);
    const state = this.#links.get(link);
    const request = answer.id === undefined ? undefined : state?.requests.get(answer.id);
    // An answer to a request that was repeated meanwhile is of no use: the repetition gets its own.
    if (state === undefined || request === undefined) return true;
    state.requests.delete(answer.id as number);
    this.#apply(state, request, answer.error === undefined);
    this.#pump(link, state);
    return true;
  }

  /** Sends what the pace allows by now, and repeats what got no answer. */
  check(): void {
    for (const [link, state] of this.#links) {
      if (!link.isCurrent && link.isReady)
        this.#links.delete(link); // it was left
      else {
        this.#repeat(link, state);
        if (state.isDirty) this.#pump(link, state);
      }
    }
  }

  #pumpAll(): void {
    for (const [link, state] of this.#links) this.#pump(link, state);
  }

  #repeat(link: Link, state: LinkState): void {
    if (state.requests.size === 0) return;
    const lateNs = this.#clock.monotonicNs() - this.#answerWithinMs * 1e6;
    for (const [id, request] of state.requests) {
      if (request.sentNs > lateNs) continue;
      const { isSubscribe, names, repeats } = request;
      const what = `${isSubscribe ? "subscribing to" : "leaving"} ${names[0]}${names.length > 1 ? ` and ${names.length - 1} more` : ""}`;
      const message = `${what} got no answer in ${this.#answerWithinMs} ms`;
      this.#onError(new TimeoutError(message, { outcome: "unknown" }));
      if (repeats === MOST_REPEATS) return link.drop(message);
      if (!state.window.tryTake()) return; // the next check finds it again
      state.requests.delete(id);
      this.#send(link, state, isSubscribe, names, repeats + 1);
    }
  }

  /** Asks for what is missing and leaves what is too much, as far as the pace allows. */
  #pump(link: Link, state: LinkState): void {
    const { names } = state;
    const missing: string[] = [];
    for (const name of this.#wanted) if (!names.has(name)) missing.push(name);
    const unwanted: string[] = [];
    for (const [name, is] of names) {
      if (this.#wanted.has(name)) continue;
      if (is === "confirmed") unwanted.push(name);
      else if (is === "refused") names.delete(name);
    }
    const isMissingAsked = this.#askAll(link, state, true, missing);
    state.isDirty = !(this.#askAll(link, state, false, unwanted) && isMissingAsked);
    if (!this.#isSettled(state)) return;
    link.ready();
    this.#settled?.resolve();
    this.#settled = undefined;
  }

  /** False when the pace left some for later. */
  #askAll(link: Link, state: LinkState, isSubscribe: boolean, names: readonly string[]): boolean {
    const { namesPerMessage, readAnswer } = this.#dialect;
    for (let at = 0; at < names.length; at += namesPerMessage) {
      if (!state.window.tryTake()) return false;
      const some = names.slice(at, at + namesPerMessage);
      for (const name of some) state.names.set(name, isSubscribe ? "asked" : "leaving");
      this.#send(link, state, isSubscribe, some, 0);
      if (readAnswer === undefined) this.#apply(state, { isSubscribe, names: some }, true);
    }
    return true;
  }

  #send(link: Link, state: LinkState, isSubscribe: boolean, names: readonly string[], repeats: number): void {
    const id = ++this.#lastId;
    if (this.#dialect.readAnswer !== undefined) {
      state.requests.set(id, { isSubscribe, names, sentNs: this.#clock.monotonicNs(), repeats });
    }
    link.trySend(isSubscribe ? this.#dialect.subscribe(names, id) : this.#dialect.unsubscribe(names, id));
  }

  #apply(state: LinkState, { isSubscribe, names }: Pick<Request, "isSubscribe" | "names">, isGranted: boolean): void {
    for (const name of names) {
      if (!isSubscribe) state.names.delete(name);
      else state.names.set(name, isGranted ? "confirmed" : "refused");
    }
  }

  #isSettled({ names }: LinkState): boolean {
    for (const name of this.#wanted) {
      const is = names.get(name);
      if (is !== "confirmed" && is !== "refused") return false;
    }
    return true;
  }
}
