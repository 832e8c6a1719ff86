// Frames of Binance's combined streams, as text.

type Row = readonly [price: string, quantity: string];

export interface DepthFrame {
  readonly U: number;
  readonly u: number;
  readonly pu?: number;
  readonly b?: readonly Row[];
  readonly a?: readonly Row[];
  readonly s?: string;
  readonly E?: number;
}

export function depthFrame({ U, u, b = [], a = [], s = "BTCUSDT", E = 1_000, ...linked }: DepthFrame): string {
  return frame(`${s.toLowerCase()}@depth@100ms`, { e: "depthUpdate", E, s, U, u, ...linked, b, a });
}

export function quoteFrame(u: number, bid: Row, ask: Row, more: Readonly<Record<string, unknown>> = {}): string {
  return frame("btcusdt@bookTicker", { u, s: "BTCUSDT", b: bid[0], B: bid[1], a: ask[0], A: ask[1], ...more });
}

export function tradeFrame(t: number, more: Readonly<Record<string, unknown>> = {}): string {
  const data = {
    e: "trade",
    E: 2_001,
    s: "BTCUSDT",
    t,
    p: "61.25000000",
    q: "0.00040000",
    T: 2_000,
    m: true,
    M: true,
    ...more,
  };
  return frame("btcusdt@trade", data);
}

export function aggTradeFrame(a: number): string {
  const data = {
    e: "aggTrade",
    E: 2_001,
    s: "BTCUSDT",
    a,
    p: "61.25",
    q: "0.4",
    f: a * 2,
    l: a * 2 + 1,
    T: 2_000,
    m: false,
  };
  return frame("btcusdt@aggTrade", data);
}

/** A 1-minute bar with `n` trades. */
export function barFrame(n: number, more: Readonly<Record<string, unknown>> = {}): string {
  const k = {
    t: 60_000,
    T: 119_999,
    s: "BTCUSDT",
    i: "1m",
    f: 100,
    L: 99 + n,
    o: "61.00",
    c: "61.10",
    h: "61.20",
    l: "60.90",
    v: "0.5",
    n,
    x: false,
    q: "30.5",
    V: "0.2",
    Q: "12.2",
    B: "0",
    ...more,
  };
  return frame(`btcusdt@kline_${k.i}`, { e: "kline", E: 60_000 + n, s: "BTCUSDT", k });
}

export function frame(stream: string, data: unknown): string {
  return JSON.stringify({ stream, data });
}

export function snapshotReply(lastUpdateId: number, bids: readonly Row[], asks: readonly Row[]) {
  return { lastUpdateId, bids, asks };
}
