import {
  defineStrategy,
  type Instrument,
  InvalidInputError,
  lotsWorth,
  notionalUnits,
  type OrderView,
  type QuoteEvent,
} from "pitlane";
import * as v from "valibot";

const config = v.object({
  /** The two symbols; default: the first two instruments. */
  pair: v.optional(v.pipe(v.array(v.string()), v.length(2))),
  /** Least time between two samples of the prices, in milliseconds; each needs news of both; 1 to 3,600,000. */
  sampleMs: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(3_600_000)), 1000),
  /** Samples that the relation is fitted to; whole, 10 to 10,000. No trade before they are there. */
  window: v.optional(v.pipe(v.number(), v.integer(), v.minValue(10), v.maxValue(10_000)), 120),
  /** Standard deviations off the relation that start a trade; 0.5 to 10. */
  entryZ: v.optional(v.pipe(v.number(), v.minValue(0.5), v.maxValue(10)), 2),
  /** Standard deviations at which it is closed; -10 to 10, below `entryZ`. */
  exitZ: v.optional(v.pipe(v.number(), v.minValue(-10), v.maxValue(10)), 0.5),
  /** Standard deviations at which it is given up; 1 to 100, above `entryZ`. */
  stopZ: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(100)), 4),
  /** Longest time in a trade, in milliseconds; 10 to 86,400,000. */
  holdMs: v.optional(v.pipe(v.number(), v.minValue(10), v.maxValue(86_400_000)), 300_000),
  /** Value of the first leg as a multiple of the smallest order the venue takes; whole, 2 to 1000. */
  sizeMultiple: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(1000)), 10),
});

/** How one price has followed another: `log y = alpha + beta log x`, off by `deviation`. */
export interface Fit {
  readonly alpha: number;
  readonly beta: number;
  /** Standard deviation of what the relation leaves over (n - 2). */
  readonly deviation: number;
}

/** Ordinary least squares of `ys` on `xs`; undefined when `xs` are all alike or there are fewer than three. Pure. */
export function fitLine(xs: readonly number[], ys: readonly number[]): Fit | undefined {
  const count = xs.length;
  if (count < 3) return undefined;
  const meanX = xs.reduce((sum, x) => sum + x, 0) / count;
  const meanY = ys.reduce((sum, y) => sum + y, 0) / count;
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let i = 0; i < count; i++) {
    const dx = xs[i]! - meanX;
    const dy = ys[i]! - meanY;
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  if (xx === 0) return undefined;
  const beta = xy / xx;
  return { alpha: meanY - beta * meanX, beta, deviation: Math.sqrt(Math.max(0, yy - beta * xy) / (count - 2)) };
}

/** What to do about a trade at `z`. `isShort` when the first leg was sold because it was dear. Pure. */
export function judge(
  z: number,
  isShort: boolean,
  { exitZ, stopZ }: { readonly exitZ: number; readonly stopZ: number },
): "hold" | "exit" | "stop" {
  const off = isShort ? z : -z;
  if (off >= stopZ) return "stop";
  return off <= exitZ ? "exit" : "hold";
}

const logMid = ({ bidTicks, askTicks }: QuoteEvent) => Math.log((bidTicks + askTicks) / 2);

/** One instrument of the pair, in lots bought less sold. */
interface Side {
  readonly instrument: Instrument;
  heldLots: number;
  wantedLots: number;
  order: OrderView | undefined;
}

/**
 * Statistical pair arbitrage: two prices that move together are fitted to each other over a rolling window; when the first is far off what
 * the second says, it is sold (or bought) against as much of the other as the fit hedges it with, until it is back.
 *
 * Both legs are immediate-or-cancel orders at the touch, sent together. When one of them fills alone, or for less, the other is cut down
 * to match before anything else: the trade goes on smaller, or not at all. Closing is tried at every quote until both legs are flat.
 *
 * The rule of two standard deviations: E. Gatev, W. Goetzmann and K. Rouwenhorst, "Pairs Trading: Performance of a Relative-Value
 * Arbitrage Rule", Review of Financial Studies 19 (2006). The window holds its newest sample, so that `z` cannot pass its root.
 */
export const pairArbitrage = defineStrategy({
  name: "pair-arbitrage",
  version: "0.1.0",
  config,
  setup(ctx) {
    const { pair, sampleMs, window, entryZ, exitZ, stopZ, holdMs, sizeMultiple } = ctx.config;
    const [first, second] = pair?.map((symbol) => ctx.instrument(symbol)) ?? ctx.instruments;
    if (first === undefined || second === undefined || first === second)
      throw new InvalidInputError(
        "pair-arbitrage needs two instruments: start the session with two, or name them in `pair`",
      );
    if (!(exitZ < entryZ && entryZ < stopZ))
      throw new InvalidInputError(
        `pair-arbitrage needs exitZ < entryZ < stopZ; they are ${exitZ}, ${entryZ}, ${stopZ}`,
      );
    const sides = [first, second].map(
      (instrument): Side => ({ instrument, heldLots: 0, wantedLots: 0, order: undefined }),
    );
    const [y, x] = sides as [Side, Side];
    const ys: number[] = [];
    const xs: number[] = [];
    let phase: "flat" | "entering" | "in" | "leaving" = "flat";
    let isShort = false;
    let sinceUs = 0;
    let sampledAtUs = 0;
    let pausedUntilUs = 0; // after a refusal
    let restUntilUs = 0; // after a stop

    const isBusy = () => sides.some(({ order }) => order?.isOpen);
    /** Orders what is between held and wanted. */
    const trade = (side: Side) => {
      const { instrument, wantedLots, heldLots } = side;
      const quote = ctx.quote(instrument);
      if (side.order?.isOpen || quote === undefined || wantedLots === heldLots || ctx.nowUs() < pausedUntilUs) return;
      const direction = wantedLots > heldLots ? "buy" : "sell";
      const priceTicks = direction === "buy" ? quote.askTicks : quote.bidTicks;
      const sizeLots = Math.floor(Math.abs(wantedLots - heldLots) / instrument.lotIncrement) * instrument.lotIncrement;
      if (sizeLots < instrument.minLots || notionalUnits(instrument, priceTicks, sizeLots) < instrument.minNotional) {
        if (wantedLots === 0) side.heldLots = 0; // too little to sell: it stays in the account
        side.wantedLots = side.heldLots;
        return;
      }
      side.order = ctx.submit({ instrument, side: direction, type: "limit", timeInForce: "IOC", priceTicks, sizeLots });
    };
    const leave = () => {
      phase = "leaving";
      for (const side of sides) side.wantedLots = 0;
    };
    /** Both first orders have ended: the fuller leg is cut down to the other. */
    const match = () => {
      const share = Math.min(...sides.map(({ heldLots, wantedLots }) => heldLots / wantedLots));
      for (const side of sides) side.wantedLots = Math.trunc(side.wantedLots * share);
      if (sides.some(({ wantedLots }) => wantedLots === 0)) leave();
      else phase = "in";
    };
    const enter = (z: number, beta: number) => {
      const quotes = sides.map(({ instrument }) => ctx.quote(instrument));
      const notional = first.minNotional * BigInt(sizeMultiple);
      const hedge = BigInt(Math.round(Number(notional) * beta));
      isShort = z > 0;
      sinceUs = ctx.nowUs();
      phase = "entering";
      y.wantedLots = lotsWorth(first, quotes[0]!.bidTicks, notional) * (isShort ? -1 : 1);
      x.wantedLots = lotsWorth(second, quotes[1]!.bidTicks, hedge) * (isShort ? 1 : -1);
      for (const side of sides) trade(side);
    };
    const sample = (logY: number, logX: number) => {
      ys.push(logY);
      xs.push(logX);
      if (ys.length > window) {
        ys.shift();
        xs.shift();
      }
      const fit = ys.length < window ? undefined : fitLine(xs, ys);
      if (fit === undefined || fit.deviation === 0 || fit.beta <= 0) return;
      const z = (logY - fit.alpha - fit.beta * logX) / fit.deviation;
      const verdict = judge(z, isShort, { exitZ, stopZ });
      if (phase === "flat" && Math.abs(z) >= entryZ && Math.abs(z) < stopZ && ctx.nowUs() >= restUntilUs)
        enter(z, fit.beta);
      else if (phase === "in" && verdict !== "hold") {
        // What was given up may not come back: nothing is begun until the window has forgotten it.
        if (verdict === "stop") restUntilUs = ctx.nowUs() + window * sampleMs * 1000;
        leave();
      }
    };

    ctx.on("quote", { instrument: [first, second] }, ({ receivedAtUs }) => {
      const [quoteY, quoteX] = [ctx.quote(first), ctx.quote(second)];
      const isDue = receivedAtUs >= sampledAtUs + sampleMs * 1000;
      // Both have to be news: against a price that is only late, the other one always looks off.
      if (isDue && quoteY && quoteX && Math.min(quoteY.receivedAtUs, quoteX.receivedAtUs) > sampledAtUs) {
        sampledAtUs = receivedAtUs;
        sample(logMid(quoteY), logMid(quoteX));
      }
      if (phase === "in" && (receivedAtUs - sinceUs) / 1000 >= holdMs) leave();
      if (phase === "in" || phase === "leaving") for (const side of sides) trade(side);
      if (phase === "leaving" && !isBusy() && sides.every(({ heldLots }) => heldLots === 0)) phase = "flat";
    });

    ctx.on("fill", ({ fill }) => {
      const side = fill.instrument === first ? y : x;
      side.heldLots += fill.side === "buy" ? fill.sizeLots : -fill.sizeLots;
    });

    ctx.on("order", ({ order }) => {
      // Asking again at once would only be refused again.
      if (order.state === "denied" || order.state === "rejected") pausedUntilUs = ctx.nowUs() + 1_000_000;
      if (phase === "entering" && !isBusy()) match();
    });
  },
});

export default pairArbitrage;
