import type { Token } from "../../models/axiom-token.ts";
import { toSol } from "./figures.ts";
import { refuse } from "./refusal.ts";

/** One bar: start in milliseconds, open, high, low, close, volume. */
type Bar = [startMs: number, open: number, high: number, low: number, close: number, volume: number];

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const INTERVALS = "1s 5s 15s 30s 1m 3m 5m 15m 30m 1h 4h 12h 1d".split(" ");

export interface ChartRequest {
  readonly interval: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Newest bars wanted. */
  readonly most: number;
  /** USD of one SOL to show prices and volumes in; 1 for SOL. */
  readonly factor: number;
}

/**
 * Bars of `/pair-chart`, oldest first (the venue's order is unknown). From a minute up they reach back a day, below that as far as the
 * trades kept. Bars without trades are left out.
 *
 * @throws {AxiomRefusal} 400 for an interval the venue does not have.
 */
export function barsOf(token: Token, { interval, fromMs, toMs, most, factor }: ChartRequest): Bar[] {
  if (!INTERVALS.includes(interval)) throw refuse.malformed(`interval must be one of ${INTERVALS.join(", ")}`);
  const lengthMs = Number(interval.slice(0, -1)) * UNITS_MS[interval.slice(-1)]!;
  const pieces = lengthMs < 60_000 ? ofTrades(token) : ofMinutes(token);
  const bars: Bar[] = [];
  for (const [atMs, open, high, low, close, volume] of pieces) {
    if (atMs < fromMs || atMs > toMs) continue;
    const startMs = atMs - (atMs % lengthMs);
    const last = bars[bars.length - 1];
    if (last !== undefined && last[0] === startMs) {
      last[2] = Math.max(last[2], high * factor);
      last[3] = Math.min(last[3], low * factor);
      last[4] = close * factor;
      last[5] += volume * factor;
    } else bars.push([startMs, open * factor, high * factor, low * factor, close * factor, volume * factor]);
  }
  return bars.slice(-most);
}

function ofMinutes(token: Token): Bar[] {
  return token.minutes.items.map(({ startMs, open, high, low, close, buyLamports, sellLamports }) => [
    startMs,
    open,
    high,
    low,
    close,
    toSol(buyLamports + sellLamports),
  ]);
}

function ofTrades(token: Token): Bar[] {
  return token.trades.items.map(({ atMs, pool, lamports }) => {
    const price = pool.lamports / pool.raw / 1000;
    return [atMs, price, price, price, price, toSol(lamports)];
  });
}
