import { definePlugin, type Instrument } from "pitlane";
import { z } from "zod";

/** The volume-weighted average price of the last trades, whatever the venue. */
export interface Vwap {
  /** In ticks; undefined until enough was traded, and after a hole until there is again. */
  ticks(instrument: Instrument): number | undefined;
}

declare module "pitlane" {
  interface Capabilities {
    readonly vwap: Vwap;
  }
}

/** Sums over the last `size` trades: prices and sizes in a ring, so that no trade allocates. */
export class Window {
  readonly #ticks: Float64Array;
  readonly #lots: Float64Array;
  #count = 0;
  #notional = 0;
  #volume = 0;

  constructor(size: number) {
    this.#ticks = new Float64Array(size);
    this.#lots = new Float64Array(size);
  }

  add(priceTicks: number, sizeLots: number): void {
    const at = this.#count++ % this.#ticks.length;
    this.#notional += priceTicks * sizeLots - this.#ticks[at]! * this.#lots[at]!;
    this.#volume += sizeLots - this.#lots[at]!;
    this.#ticks[at] = priceTicks;
    this.#lots[at] = sizeLots;
  }

  /** Undefined until the window is full. Products of whole ticks and lots: no rounding adds up below 2^53. */
  get vwapTicks(): number | undefined {
    return this.#count < this.#ticks.length ? undefined : this.#notional / this.#volume;
  }

  clear(): void {
    this.#ticks.fill(0);
    this.#lots.fill(0);
    this.#count = this.#notional = this.#volume = 0;
  }

  /** Oldest first. */
  get trades(): [ticks: number, lots: number][] {
    const kept = Math.min(this.#count, this.#ticks.length);
    return Array.from({ length: kept }, (_, i) => {
      const at = (this.#count - kept + i) % this.#ticks.length;
      return [this.#ticks[at]!, this.#lots[at]!];
    });
  }
}

export default definePlugin({
  name: "vwap",
  version: "1.0.0",
  provides: ["vwap"],
  permissions: { orderKinds: [] },
  config: z.object({ trades: z.number().int().min(1).max(10_000).default(100) }),
  state: z.record(z.string(), z.array(z.tuple([z.number(), z.number()]))),
  setup(ctx) {
    const windows = new Map(ctx.instruments.map((instrument) => [instrument, new Window(ctx.config.trades)]));

    // Before the strategies, so that they read a price that knows of the trade they hear of.
    ctx.on("trade", { stage: "pre" }, ({ instrument, priceTicks, sizeLots }) => {
      windows.get(instrument)?.add(priceTicks, sizeLots);
    });
    ctx.on("resync", ({ instrument, channel, missing }) => {
      if (channel === "trade" && missing !== 0) windows.get(instrument)?.clear();
    });
    ctx.provide("vwap", { ticks: (instrument) => windows.get(instrument)?.vwapTicks });

    return {
      snapshot: () => Object.fromEntries(Array.from(windows, ([{ id }, window]) => [id, window.trades])),
      hydrate(old) {
        for (const [{ id }, window] of windows) for (const [ticks, lots] of old[id] ?? []) window.add(ticks, lots);
      },
    };
  },
});
