import type { Clock, Random } from "@pitlane/perf";
import { ProtocolError, RateLimitError, type RequestError, TimeoutError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";
import { Connection } from "../../stream/connection.ts";
import { Settlement } from "../../stream/settlement.ts";
import type { UserStream, UserStreamOptions } from "./client.ts";
import { toError } from "./errors.ts";
import { excerpt, type Fields, integerOf, parseJson, textOf, toFields } from "./fields.ts";
import { checkVenue } from "./order-rules.ts";
import { redact, type Signer, signWsApi } from "./sign.ts";
import { parseAccountPosition, parseExecutionReport } from "./wire.ts";

export interface UserStreamParts {
  readonly venue: string;
  readonly wsApiUrl: string;
  readonly signer: Signer;
  readonly recvWindowMs: number;
  readonly connectTimeoutMs: number;
  /** Limit for the answer to the subscription, in milliseconds. */
  readonly callTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when the stream is closed, or has ended by a refusal, and its socket is gone. */
  readonly onClose: () => void;
}

const SUBSCRIBE = "userDataStream.subscribe.signature";

/**
 * Opens the stream of the account's own orders and balances, by the WebSocket API's `userDataStream.subscribe.signature`.
 *
 * A lost socket is replaced and subscribed anew. A refusal that a repetition could cure (too many requests, venue unavailable,
 * no answer) is tried again with the next socket; any other one, of the key or the signature say, ends the stream: it goes to
 * `onError`, and `ready` rejects with it. Reports of instruments that are not in the options are not delivered.
 * Source: Binance, user-data-stream.md and web-socket-api.md, 2026-07.
 *
 * @throws {InvalidInputError} When an instrument is of another venue.
 */
export function openUserStream(options: UserStreamOptions, parts: UserStreamParts): UserStream {
  for (const instrument of options.instruments) checkVenue(instrument, parts.venue);
  return new BinanceUserStream(options, parts);
}

class BinanceUserStream implements UserStream {
  readonly #options: UserStreamOptions;
  readonly #parts: UserStreamParts;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #subscribed = new Settlement();
  readonly #connection: Connection;
  #requestId = 0;
  #signature = "";
  #hasSubscribed = false;
  #answerTimer: NodeJS.Timeout | undefined;

  constructor(options: UserStreamOptions, parts: UserStreamParts) {
    this.#options = options;
    this.#parts = parts;
    this.#instruments = new Map(options.instruments.map((instrument) => [instrument.venueSymbol, instrument]));
    this.#connection = new Connection({
      url: parts.wsApiUrl,
      onOpen: () => this.#subscribe(),
      onMessage: (text) => this.#onMessage(text),
      onLost: () => clearTimeout(this.#answerTimer),
      onError: options.onError,
      connectTimeoutMs: parts.connectTimeoutMs,
      clock: parts.clock,
      random: parts.random,
    });
  }

  get ready(): Promise<void> {
    return this.#subscribed.promise;
  }

  async close(): Promise<void> {
    this.#subscribed.reject(new Error("the user stream was closed before it was subscribed"));
    clearTimeout(this.#answerTimer);
    await this.#connection.close();
    this.#parts.onClose();
  }

  #subscribe(): void {
    const { signer, recvWindowMs, callTimeoutMs, clock } = this.#parts;
    const timestamp = Math.floor(clock.nowUs() / 1000);
    const params = signWsApi({ recvWindow: recvWindowMs, timestamp }, signer);
    this.#signature = params.signature;
    this.#connection.trySend(JSON.stringify({ id: ++this.#requestId, method: SUBSCRIBE, params }));
    this.#answerTimer = setTimeout(() => {
      const message = `the user stream's subscription got no answer in ${callTimeoutMs} ms`;
      this.#options.onError(new TimeoutError(message, { outcome: "unknown" }));
      this.#connection.restart(message);
    }, callTimeoutMs);
  }

  #onMessage(received: string): void {
    const text = redact(received, [this.#parts.signer.apiKey, this.#signature]);
    try {
      const message = toFields("user stream", parseJson("user stream", text));
      if (message["event"] === undefined) this.#onAnswer(message);
      else this.#onUserEvent(toFields("user stream: event", message["event"]));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const isOurs = error instanceof ProtocolError;
      // Errors of the callbacks pass as they are; only a message we could not read is described.
      this.#report(
        isOurs ? new ProtocolError(`a user stream message cannot be read: ${why}; it begins ${excerpt(text)}`) : error,
      );
    }
  }

  #onAnswer(message: Fields): void {
    const status = integerOf("user stream answer", message, "status");
    const isOfSubscription = message["id"] === this.#requestId;
    if (isOfSubscription) clearTimeout(this.#answerTimer);
    if (status !== 200) return this.#onRefusal(toRefusal(status, message), isOfSubscription);
    if (!isOfSubscription) return;
    if (this.#hasSubscribed) this.#options.onReconnected();
    this.#hasSubscribed = true;
    this.#subscribed.resolve();
  }

  #onRefusal(error: RequestError, isOfSubscription: boolean): void {
    this.#report(error);
    if (!isOfSubscription || error.retryable) {
      // An unasked-for error says that the session is over (a revoked key): the next subscription will tell.
      const afterMs = error instanceof RateLimitError ? error.retryAfterMs : 0;
      this.#connection.restart("the venue refused the subscription", afterMs);
      return;
    }
    this.#subscribed.reject(error);
    void this.close();
  }

  #onUserEvent(event: Fields): void {
    const kind = textOf("user stream event", event, "e");
    if (kind === "executionReport") {
      const instrument = this.#instruments.get(textOf(kind, event, "s"));
      if (instrument !== undefined) this.#options.onReport(parseExecutionReport(event, instrument));
    } else if (kind === "outboundAccountPosition") {
      this.#options.onBalances(parseAccountPosition(event));
    } else if (kind === "eventStreamTerminated" || kind === "serverShutdown") {
      this.#connection.restart(`the venue ended the user stream (${kind})`);
    }
  }

  #report(error: unknown): void {
    this.#options.onError(error instanceof Error ? error : new Error(String(error)));
  }
}

/** A refusal in the words of a REST reply, which it is the twin of; but its `retryAfter` is a moment, where REST has a duration. */
function toRefusal(status: number, message: Fields): RequestError {
  const error = toFields(`${SUBSCRIBE}: "error"`, message["error"]);
  const { serverTime, retryAfter } = toFields(`${SUBSCRIBE}: "data"`, error["data"] ?? {});
  const isTimed = typeof serverTime === "number" && typeof retryAfter === "number";
  const seconds = isTimed ? String((retryAfter - serverTime) / 1000) : undefined;
  return toError(SUBSCRIBE, { status, retryAfter: seconds, text: JSON.stringify(error) });
}
