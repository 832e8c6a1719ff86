import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildWorker } from "../build-worker.ts";

/** A new empty folder. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "pitlane-backtest-"));
}

/** A file in a new folder; one that ends in `.gz` is packed. */
export function textFile(name: string, lines: readonly string[]): string {
  const path = join(newFolder(), name);
  const text = `${lines.join("\n")}\n`;
  writeFileSync(path, name.endsWith(".gz") ? gzipSync(text) : text);
  return path;
}

/** A strategy that buys where a bar closes above the one `lookback` before it, and sells where it does not. */
export const BAR_STRATEGY = `import { defineStrategy, lotsWorth } from "pitlane";
import * as v from "valibot";
export default defineStrategy({
  name: "bar-momentum",
  version: "1.0.0",
  config: v.object({ lookback: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(50)), 5) }),
  setup(ctx) {
    const closes = [];
    ctx.on("bar", (bar) => {
      closes.push(bar.closeTicks);
      if (closes.length > ctx.config.lookback + 1) closes.shift();
      if (closes.length <= ctx.config.lookback) return;
      const { instrument } = bar;
      const held = Math.floor(Number(ctx.balance(instrument.base)) / 10 ** (8 - instrument.sizeDecimals));
      const sizeLots = lotsWorth(instrument, bar.closeTicks, 500_00000000n);
      const isUp = bar.closeTicks > closes[0];
      if (isUp && held * 2 < sizeLots) ctx.submit({ instrument, side: "buy", type: "market", sizeLots });
      else if (!isUp && held * 2 > sizeLots) ctx.submit({ instrument, side: "sell", type: "market", sizeLots: held });
    });
  },
});
`;

/** Minute candles of a wave, from 2026-01-01 on. */
export function waveCandles(count: number): readonly string[] {
  const price = (minute: number) => 2000 + 60 * Math.sin(minute / 40) + 15 * Math.sin(minute / 7);
  const rows = Array.from({ length: count }, (_, i) => {
    const open = price(i);
    const close = price(i + 1);
    const cells = [open, Math.max(open, close) + 0.5, Math.min(open, close) - 0.5, close].map((one) => one.toFixed(2));
    return [1_767_225_600_000 + i * 60_000, ...cells, "125.5"].join(",");
  });
  return ["timestamp,open,high,low,close,volume", ...rows];
}

/** Builds the program of a sweep's threads. */
export function buildTrialWorker(name: string): Promise<URL> {
  return buildWorker(name, "backtest-worker", "src/backtest/trial-worker.ts");
}
