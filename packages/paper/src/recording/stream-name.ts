import { LineProblem } from "./errors.ts";
import { isObject } from "./recorded-line.ts";

interface Named {
  /** The stream's name, or its beginning. */
  readonly name: string;
  /** False when streams of several names carry this event: `@depth` and `@depth@100ms` look the same. */
  readonly exact: boolean;
}

/**
 * The stream an event of a raw socket came from: the only one of `subscribed` that carries such events, else what the event
 * itself says where that is unambiguous.
 *
 * Source: the payload tables of Binance's web-socket-streams.md.
 *
 * @throws {LineProblem} When it is no known event, or may have come from several streams.
 * @example
 * streamOfEvent({ e: "trade", s: "BTCUSDT" }, new Set()); // "btcusdt@trade"
 */
export function streamOfEvent(event: unknown, subscribed: ReadonlySet<string>): string {
  if (subscribed.size === 1) for (const only of subscribed) return only;
  const named = nameOf(event);
  if (named === undefined) {
    throw new LineProblem('is neither a Binance frame {"stream":..,"data":..} nor an event that names its own stream', {
      remedy: "repair or delete that line, or name a recording of Binance if this is another venue's",
    });
  }
  const { name, exact } = named;
  const candidates: string[] = [];
  for (const stream of subscribed) {
    const carries = exact ? stream === name || stream.startsWith(`${name}@`) : stream.startsWith(name);
    if (carries || stream === `!${name.slice(name.indexOf("@") + 1)}`) candidates.push(stream);
  }
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return only;
  if (only === undefined && exact) return name;
  throw new LineProblem(
    candidates.length > 1
      ? `may have come from ${candidates.join(" or ")}`
      : `comes from a raw socket and does not say which ${name} stream it is`,
    { remedy: "record from /stream?streams=.., whose frames name their stream, or wrap each frame of the file so" },
  );
}

function nameOf(event: unknown): Named | undefined {
  if (!isObject(event)) return undefined;
  const symbol = typeof event["s"] === "string" ? event["s"].toLowerCase() : undefined;
  if (event["e"] === "serverShutdown") return { name: "!serverShutdown", exact: true };
  if (symbol === undefined) return undefined;
  switch (event["e"]) {
    case "trade":
    case "aggTrade":
    case "bookTicker":
    case "avgPrice":
      return { name: `${symbol}@${event["e"]}`, exact: true };
    case "24hrMiniTicker":
      return { name: `${symbol}@miniTicker`, exact: true };
    case "24hrTicker":
      return { name: `${symbol}@ticker`, exact: true };
    case "kline": {
      const bar = event["k"];
      return isObject(bar, "i") ? { name: `${symbol}@kline_${String(bar["i"])}`, exact: true } : undefined;
    }
    case "depthUpdate":
      return { name: `${symbol}@depth`, exact: false };
    case "markPriceUpdate":
      return { name: `${symbol}@markPrice`, exact: false };
    case undefined:
      // Spot's bookTicker has no event type, but nothing else has these members.
      return "u" in event && "b" in event && "B" in event && "a" in event && "A" in event
        ? { name: `${symbol}@bookTicker`, exact: true }
        : undefined;
    default:
      return undefined;
  }
}
