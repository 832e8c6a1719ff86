import { LineProblem } from "./errors.ts";
import { type EventName, nameOfEvent, USER_DATA } from "./event-name.ts";
import { isObject } from "./recorded-line.ts";

/** Where an event of a raw socket came from. */
export interface EventStream {
  readonly stream: string;
  /**
   * What cannot be told: `speed`, as no subscription to such a depth stream is known; `which`, as several streams of its socket (two
   * speeds, two time zones) bring events that look the same. Nothing else when undefined.
   */
  readonly doubt: "speed" | "which" | undefined;
}

const REMEDY = "record from /stream?streams=.., whose frames name their stream, or wrap each frame of the file so";
// Events of these always name themselves, so what does not is none of them.
const NAMED_ALWAYS = /@(?:trade|aggTrade|bookTicker|kline_.+|depth(?:@\d+ms)?)$/;
const PARTIAL_DEPTH = /@depth\d+(?:@|$)/;

/**
 * The stream an event of a raw socket came from: what the event says itself, with the speed that `subscribed` has for it; for an
 * event that says nothing, the only one of `subscribed` where its events may say nothing.
 *
 * @throws {LineProblem} When it is no known event, or nobody can tell whether it is a diff or a book's best levels.
 * @example
 * streamOfEvent({ e: "trade", s: "BTCUSDT" }, new Set()); // { stream: "btcusdt@trade", doubt: undefined }
 */
export function streamOfEvent(event: unknown, subscribed: ReadonlySet<string>): EventStream {
  const named = nameOfEvent(event);
  if (named === undefined) return { stream: streamOfNameless(event, subscribed), doubt: undefined };
  const candidates = candidatesFor(named, subscribed);
  const [first] = candidates;
  if (first === undefined) return { stream: named.name, doubt: named.name.endsWith("@depth") ? "speed" : undefined };
  if (candidates.length === 1) return { stream: first, doubt: undefined };
  if (named.lookalikes !== undefined && candidates.some((stream) => !isNamed(stream, named.name))) {
    throw ambiguous(candidates);
  }
  return { stream: candidates.includes(named.name) ? named.name : first, doubt: "which" };
}

/** The error for who must know the very stream. */
export function doubtful({ stream, doubt }: EventStream): LineProblem {
  const what = doubt === "which" ? `may be of ${stream} or another stream like it` : "does not say its stream's speed";
  return new LineProblem(`comes from a raw socket and ${what}`, { remedy: REMEDY });
}

/** The name of a combined frame's stream, fit for a report: a listen key, 60 or 64 letters and digits, becomes `userData`. */
export function shownStream(stream: string): string {
  return /^[A-Za-z0-9]{20,}$/.test(stream) ? USER_DATA : stream;
}

function candidatesFor({ name, lookalikes = [] }: EventName, subscribed: ReadonlySet<string>): readonly string[] {
  const ofAll = `!${name.slice(name.indexOf("@") + 1)}`;
  const candidates: string[] = [];
  for (const stream of subscribed) {
    if (isNamed(stream, name) || isNamed(stream, ofAll) || lookalikes.some((start) => stream.startsWith(start))) {
      candidates.push(stream);
    }
  }
  return candidates;
}

function isNamed(stream: string, name: string): boolean {
  return stream === name || stream.startsWith(`${name}@`);
}

function ambiguous(candidates: readonly string[]): LineProblem {
  return new LineProblem(`may have come from ${candidates.join(" or ")}`, { remedy: REMEDY });
}

function streamOfNameless(event: unknown, subscribed: ReadonlySet<string>): string {
  const [only] = subscribed;
  if (only !== undefined && subscribed.size === 1 && !NAMED_ALWAYS.test(only)) return only;
  // Spot's best levels name no symbol.
  if (isObject(event, "lastUpdateId") && Array.isArray(event["bids"]) && Array.isArray(event["asks"])) {
    const partial = [...subscribed].filter((stream) => PARTIAL_DEPTH.test(stream));
    return partial.length === 1 ? (partial[0] as string) : "!partialDepth";
  }
  throw new LineProblem('is neither a Binance frame {"stream":..,"data":..} nor an event that names its own stream', {
    remedy: "repair or delete that line, or name a recording of Binance if this is another venue's",
  });
}
