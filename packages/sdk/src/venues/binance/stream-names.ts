import { checkList, checkText } from "../../checks.ts";
import { RejectedError } from "../../errors.ts";
import { type BarInterval, checkInterval } from "../../model/bar.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { Channel } from "../../stream/events.ts";
import type { SubscriptionAnswer, SubscriptionDialect } from "../../stream/subscriptions.ts";
import type { FrameKind } from "./frames.ts";

/** Streams of one connection. Source: web-socket-streams.md, "Websocket Limits". */
export const MOST_STREAMS = 1_024;

const NAMES_PER_MESSAGE = 200;
// Servers refuse request lines of more than 8 KiB or so; names beyond this are asked for by message.
const LONGEST_TARGET = 4_000;
const LONGEST_ANSWER = 4_096; // bytes; a frame that is longer is no answer
const STREAM_NAME = /^(!|[^\s/?&#%@A-Z]+@(?!bookt|aggt))[a-z][^\s/?&#%]+$/;

/**
 * The streams of an instrument that are subscribed unless told: depth at 100 ms, book ticker and trades, and its bars.
 */
export function defaultStreams({ venueSymbol }: Instrument): readonly string[] {
  const symbol = venueSymbol.toLowerCase();
  return [`${symbol}@depth@100ms`, `${symbol}@bookTicker`, `${symbol}@trade`];
}

/** The streams of instruments' bars. @throws {InvalidInputError} When an interval is none of the venue's. */
export function barStreams(instruments: readonly Instrument[], intervals: readonly BarInterval[]): readonly string[] {
  checkList("bars", intervals);
  for (const interval of intervals) checkInterval("an interval of bars", interval);
  return instruments.flatMap(({ venueSymbol }) =>
    intervals.map((interval) => `${venueSymbol.toLowerCase()}@kline_${interval}`),
  );
}

/** The part of a stream's name that says whose it is: `btcusdt`. */
export function symbolIn(stream: string): string {
  return stream.split("@", 1)[0] as string;
}

/** Which channel a stream's frames belong to; undefined for those that are not decoded. */
export function channelOf(stream: string): Channel | undefined {
  const name = stream.slice(symbolIn(stream).length + 1);
  if (name.startsWith("kline_")) return "bar";
  const kind = kindOf(name);
  if (kind === "depth") return "book";
  if (kind === "aggTrade") return "trade";
  return kind === "other" ? undefined : kind;
}

/** What frames of a stream are, by the part of its name behind the symbol. Bars are `other` here: `BarReader` knows them. */
export function kindOf(name: string): Exclude<FrameKind, "bar"> {
  if (name === "bookTicker") return "quote";
  if (name === "trade" || name === "aggTrade") return name;
  return /^depth(@\d+ms)?$/.test(name) ? "depth" : "other"; // depth5, depth10 and depth20 are no diffs
}

/**
 * `btcusdt@trade`, with the symbol in lower case, or a name of all symbols, `!miniTicker@arr`: the venue grants any other name as well,
 * and never sends a frame for it. Of what is behind the `@` only the first letters are looked at, as the venue adds kinds.
 *
 * @throws {InvalidInputError} When one is no stream's name.
 */
export function checkStreams(streams: readonly string[]): readonly string[] {
  for (const stream of streams) {
    checkText("a stream's name", STREAM_NAME, "like btcusdt@bookTicker", stream);
  }
  return streams;
}

/** A handshake's path and query, with as many of the wanted streams as a URL may hold: those cost no message. */
export function targetOf(wanted: ReadonlySet<string>): { readonly target: string; readonly names: readonly string[] } {
  const names: string[] = [];
  let target = "/stream";
  for (const name of wanted) {
    const longer = target + (names.length === 0 ? "?streams=" : "/") + encodeURI(name);
    if (longer.length > LONGEST_TARGET) break;
    target = longer;
    names.push(name);
  }
  return { target, names };
}

/**
 * How Binance's market streams are asked for names while they are open.
 *
 * The venue ends a connection that sends more than 5 messages, pings and pongs among them, in any second, and bans who does it
 * again: 3 of ours in 1.1 s leave room for a ping, a pong, and the jitter of the way. Errors come in two forms, both of which are
 * read. An unknown stream is granted and stays silent. Source: web-socket-streams.md, 2026-07, and issues of client libraries.
 */
export const STREAM_DIALECT: SubscriptionDialect = {
  namesPerMessage: NAMES_PER_MESSAGE,
  pace: { messages: 3, windowMs: 1_100 },
  subscribe: (params, id) => JSON.stringify({ method: "SUBSCRIBE", params, id }),
  unsubscribe: (params, id) => JSON.stringify({ method: "UNSUBSCRIBE", params, id }),
  readAnswer,
};

function readAnswer(data: Buffer): SubscriptionAnswer | undefined {
  if (data[2] === 115 || data.length > LONGEST_ANSWER) return undefined; // {"s...: a frame of a stream
  let answer: unknown;
  try {
    answer = JSON.parse(data.toString());
  } catch {
    return undefined; // whoever reads frames will tell
  }
  if (typeof answer !== "object" || answer === null || "stream" in answer) return undefined;
  const { id, result, error } = answer as Readonly<Record<string, unknown>>;
  const refusal = toRefusal((typeof error === "object" && error) || answer);
  if (refusal === undefined && result === undefined) return undefined;
  return { id: typeof id === "number" ? id : undefined, error: refusal };
}

function toRefusal({ code, msg }: { readonly code?: unknown; readonly msg?: unknown }): Error | undefined {
  if (typeof msg !== "string") return undefined;
  const venueCode = typeof code === "number" ? code : undefined;
  const venueText = msg.slice(0, 200);
  return new RejectedError(`the venue refused a subscription: ${venueCode ?? ""} ${venueText}`, {
    status: 0,
    venueCode,
    venueText,
  });
}
