import type { Clock, Random } from "@pitlane/perf";
import { asError } from "../../as-error.ts";
import { checkFunction, checkList, checkObject, checkSignal } from "../../checks.ts";
import { ProtocolError, RateLimitError, type RequestError, TimeoutError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { OrderReport } from "../../model/order.ts";
import type { EndpointChoice } from "../../region/endpoints.ts";
import type { Redactor } from "../../session/secrets.ts";
import type { Signer } from "../../session/sign.ts";
import { Connection, type ConnectionWatch } from "../../stream/connection.ts";
import type { Link } from "../../stream/link.ts";
import { Settlement } from "../../stream/settlement.ts";
import type { UserStream, UserStreamCounters, UserStreamOptions } from "../../stream/streams.ts";
import { offAbort, onAbort } from "../../transport/on-abort.ts";
import { isRefusedTime } from "./authenticator.ts";
import { checkVenue } from "./check-venue.ts";
import { excerpt, type Fields, integerOf, textOf, toFields } from "./fields.ts";
import { redactorOf } from "./redact.ts";
import { newOrderScan } from "./scan-order.ts";
import { scanEnvelope, tryScanPosition, tryScanReport } from "./scan-user.ts";
import { signWsApi } from "./sign.ts";
import { toSocketError } from "./socket-reply.ts";
import { parseBalanceChange, parseListStatus } from "./user-wire.ts";
import { parseAccountPosition, parseExecutionReport } from "./wire.ts";

export interface UserStreamParts {
  readonly venue: string;
  /** Where the WebSocket API is. */
  readonly endpoints: EndpointChoice;
  readonly signer: Signer;
  readonly recvWindowMs: number;
  /** The venue's time, for signatures. */
  readonly nowUs: () => number;
  /** A timestamp was refused: mends `nowUs`, by measuring the venue's time anew. */
  readonly resync: () => Promise<void>;
  readonly connectTimeoutMs: number;
  /** Hears what becomes of its socket. */
  readonly watch?: ConnectionWatch | undefined;
  /** Limit for the answer to the subscription, in milliseconds. */
  readonly callTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
  /** Called when the stream is closed, or has ended by a refusal, and its socket is gone. */
  readonly onClose: () => void;
}

/** A subscription that was asked for on a socket. */
interface Subscription {
  readonly id: number;
  readonly signature: string;
  readonly timer: NodeJS.Timeout;
}

// Whoever lacks one of these would miss orders, or end the process by an error that nobody takes.
const REQUIRED = ["onReport", "onBalances", "onReconnected", "onError"] as const;
const OPTIONAL = ["onBalanceChange", "onOrderList"] as const;
const SUBSCRIBE = "userDataStream.subscribe.signature";
const LIFE_MS = 84_600_000; // 23.5 of the 24 hours that the venue lets a connection live
const MOST_KINDS = 100; // of events that are counted by name: names come from the venue

/**
 * Opens the stream of the account's own orders and balances, by the WebSocket API's `userDataStream.subscribe.signature`.
 *
 * A lost socket is replaced and subscribed anew, and one that the venue is about to end is replaced before it does. Events come from
 * one socket at a time; with each change of it `onReconnected` tells the owner to ask what it may have missed. A refusal that a
 * repetition could cure (too many requests, venue unavailable, no answer) is tried again with the next socket; any other one, of the
 * key or the signature say, ends the stream: it goes to `onError`, and `ready` rejects with it. Reports of instruments that are not
 * in the options are not delivered. Source: Binance, user-data-stream.md and web-socket-api.md, 2026-07.
 *
 * @throws {InvalidInputError} When an instrument is of another venue, or a callback is missing. @throws The signal's reason when it is aborted already.
 */
export function openUserStream(options: UserStreamOptions, parts: UserStreamParts): UserStream {
  checkObject("options", options);
  checkList("instruments", options.instruments);
  for (const instrument of options.instruments) checkVenue(instrument, parts.venue);
  for (const name of REQUIRED) checkFunction(name, options[name]);
  for (const name of OPTIONAL) if (options[name] !== undefined) checkFunction(name, options[name]);
  checkSignal(options.signal);
  options.signal?.throwIfAborted();
  return new BinanceUserStream(options, parts);
}

class BinanceUserStream implements UserStream {
  readonly #options: UserStreamOptions;
  readonly #parts: UserStreamParts;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #subscribed = new Settlement();
  readonly #connection: Connection;
  readonly #subscriptions = new Map<Link, Subscription>(); // those under way, and granted ones
  readonly #counters = { reports: 0, balances: 0, otherInstruments: 0, ignored: new Map<string, number>() };
  readonly #scan = newOrderScan();
  readonly #onAbort = { handleEvent: () => void this.close() };
  #requestId = 0;
  #hasSubscribed = false;
  #closed: Promise<void> | undefined;

  constructor(options: UserStreamOptions, parts: UserStreamParts) {
    this.#options = options;
    this.#parts = parts;
    this.#instruments = new Map(options.instruments.map((instrument) => [instrument.venueSymbol, instrument]));
    const { endpoints, connectTimeoutMs, watch, clock, random } = parts;
    this.#connection = new Connection({
      endpoints,
      onOpen: (link) => this.#subscribe(link),
      onFrame: (data, _isBinary, _atUs, _ns, link) => {
        if (!link.isCurrent || !this.#tryScan(data)) this.#onMessage(data.toString("utf8"), link);
      },
      onLost: (_reason, link) => this.#forget(link),
      onLeft: (link) => this.#forget(link),
      onError: (error) => this.#report(error),
      lifeMs: LIFE_MS,
      ping: { everyMs: 20_000, withinMs: 10_000, quietMs: 5_000 },
      connectTimeoutMs,
      watch,
      clock,
      random,
    });
    onAbort(options.signal, this.#onAbort);
  }

  get ready(): Promise<void> {
    return this.#subscribed.promise;
  }

  counters(): UserStreamCounters {
    return this.#counters;
  }

  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  async #shut(): Promise<void> {
    this.#subscribed.reject(new Error("the user stream was closed before it was subscribed"));
    offAbort(this.#options.signal, this.#onAbort);
    for (const { timer } of this.#subscriptions.values()) clearTimeout(timer);
    await this.#connection.close();
    this.#parts.onClose();
  }

  #subscribe(link: Link): void {
    const { signer, recvWindowMs, callTimeoutMs, nowUs } = this.#parts;
    const { json, signature } = signWsApi({}, signer, String(Math.floor(nowUs() / 1000)), recvWindowMs);
    const id = ++this.#requestId;
    const timer = setTimeout(() => {
      const message = `the user stream's subscription got no answer in ${callTimeoutMs} ms`;
      this.#report(new TimeoutError(message, { outcome: "unknown" }));
      link.drop(message);
    }, callTimeoutMs);
    this.#subscriptions.set(link, { id, signature, timer });
    link.trySend(`{"id":${id},"method":"${SUBSCRIBE}","params":${json}}`);
  }

  #forget(link: Link): void {
    clearTimeout(this.#subscriptions.get(link)?.timer);
    this.#subscriptions.delete(link);
  }

  /** Takes the two events that every order brings, in the form that they nearly always have. */
  #tryScan(data: Buffer): boolean {
    const scan = this.#scan;
    const at = scanEnvelope(data);
    if (at < 0) return false;
    try {
      if (tryScanReport(data, at, this.#instruments, scan)) {
        this.#counters.reports++;
        this.#options.onReport(scan.report as OrderReport);
        return true;
      }
      const balances = tryScanPosition(data, at, scan.numbers);
      if (balances === undefined) return false;
      this.#counters.balances++;
      this.#options.onBalances(balances);
    } catch (error) {
      this.#report(error); // of a callback
    }
    return true;
  }

  #onMessage(received: string, link: Link): void {
    try {
      const message = toFields("user stream", jsonOf(received));
      if (message["event"] === undefined) this.#onAnswer(message, link);
      // What a socket brings before it took over, or after it was left, the owner asks for.
      else if (link.isCurrent) this.#onUserEvent(toFields("user stream: event", message["event"]), link);
    } catch (error) {
      // Errors of the callbacks pass as they are; only a message we could not read is described.
      this.#report(error instanceof ProtocolError ? this.#unreadable(error, received, link) : error);
    }
  }

  #unreadable({ message }: ProtocolError, received: string, link: Link): ProtocolError {
    const redactor = this.#redactorOf(link);
    const start = excerpt(redactor.redactReply(received));
    return new ProtocolError(`a user stream message cannot be read: ${redactor.redact(message)}; it begins ${start}`);
  }

  #redactorOf(link: Link): Redactor {
    return redactorOf(this.#parts.signer, this.#subscriptions.get(link)?.signature);
  }

  #onAnswer(message: Fields, link: Link): void {
    const status = integerOf("user stream answer", message, "status");
    const subscription = this.#subscriptions.get(link);
    const isOfSubscription = subscription !== undefined && message["id"] === subscription.id;
    if (isOfSubscription) clearTimeout(subscription.timer);
    if (status !== 200)
      return this.#onRefusal(toSocketError(SUBSCRIBE, message, this.#redactorOf(link)), isOfSubscription, link);
    if (!isOfSubscription) return;
    link.ready();
    this.#subscribed.resolve();
    const isAgain = this.#hasSubscribed;
    this.#hasSubscribed = true;
    if (isAgain) this.#options.onReconnected();
  }

  #onRefusal(error: RequestError, isOfSubscription: boolean, link: Link): void {
    if (isOfSubscription && isRefusedTime(error)) return this.#renew(error, link);
    this.#report(error);
    if (!isOfSubscription || error.retryable) {
      // An unasked-for error says that the session is over (a revoked key): the next subscription will tell.
      const afterMs = error instanceof RateLimitError ? error.retryAfterMs : 0;
      link.drop("the venue refused the subscription", afterMs);
      return;
    }
    this.#subscribed.reject(error);
    void this.close();
  }

  /** Measures the venue's clock and signs anew on another socket: time that was refused once need not end the stream. */
  #renew(error: RequestError, link: Link): void {
    const drop = () => link.drop("the venue refused the time of the subscription");
    this.#report(error);
    this.#parts.resync().then(drop, drop); // where the time cannot be told the next subscription will say so
  }

  #onUserEvent(event: Fields, link: Link): void {
    const { onReport, onBalances, onBalanceChange, onOrderList } = this.#options;
    const kind = textOf("user stream event", event, "e");
    switch (kind) {
      case "executionReport": {
        const instrument = this.#instrumentOf(kind, event);
        if (instrument === undefined) return;
        this.#counters.reports++;
        return onReport(parseExecutionReport(event, instrument));
      }
      case "outboundAccountPosition":
        this.#counters.balances++;
        return onBalances(parseAccountPosition(event));
      case "balanceUpdate":
      case "externalLockUpdate":
        if (onBalanceChange === undefined) return this.#ignore(kind);
        return onBalanceChange(parseBalanceChange(event));
      case "listStatus": {
        if (onOrderList === undefined) return this.#ignore(kind);
        const instrument = this.#instrumentOf(kind, event);
        return instrument === undefined ? undefined : onOrderList(parseListStatus(event, instrument));
      }
      case "eventStreamTerminated":
        return link.drop(`the venue ended the user stream (${kind})`);
      case "serverShutdown":
        return this.#connection.recycle();
      default:
        this.#ignore(kind);
    }
  }

  #instrumentOf(kind: string, event: Fields): Instrument | undefined {
    const instrument = this.#instruments.get(textOf(kind, event, "s"));
    if (instrument === undefined) this.#counters.otherInstruments++;
    return instrument;
  }

  #ignore(kind: string): void {
    const { ignored } = this.#counters;
    const name = ignored.has(kind) || ignored.size < MOST_KINDS ? kind : "others";
    ignored.set(name, (ignored.get(name) ?? 0) + 1);
  }

  #report(error: unknown): void {
    this.#options.onError(asError(error));
  }
}

/** Whose error shows nothing of the text, in which a secret may be cut so that it is not found. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError("not JSON");
  }
}
