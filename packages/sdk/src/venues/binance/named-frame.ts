const ALL_QUOTES = "!bookTicker";

/**
 * A frame with the stream of its own symbol: the quotes of all symbols come as one stream, which a decoder has no instrument for. What
 * cannot be read is given back as it is, for the decoder to say so. Pure.
 *
 * Source: Binance, web-socket-streams.md, "All Book Tickers Stream" of futures; that of spot has ended.
 *
 * @example
 * namedFrame("!bookTicker", Buffer.from('{"stream":"!bookTicker","data":{"s":"BTCUSDT"}}')); // of btcusdt@bookTicker
 */
export function namedFrame(stream: string, frame: Buffer): Buffer {
  if (stream !== ALL_QUOTES) return frame;
  const text = frame.toString("utf8");
  const symbol = /"s":"([^"]+)"/.exec(text)?.[1];
  return symbol === undefined
    ? frame
    : Buffer.from(text.replace(`"${ALL_QUOTES}"`, `"${symbol.toLowerCase()}@bookTicker"`));
}
