import {
  defineStrategy,
  formatScaled,
  type Instrument,
  InvalidInputError,
  lotsWorth,
  notionalUnits,
  type OrderView,
  parseScaled,
} from "pitlane";
import * as v from "valibot";

const decimal = v.pipe(v.string(), v.regex(/^\d+(\.\d+)?$/, 'a plain decimal number as text, such as "0.25"'));

const config = v.object({
  /** What to trade, `AAA/BBB`; default: the first instrument. */
  symbol: v.optional(v.string()),
  side: v.optional(v.picklist(["buy", "sell"]), "buy"),
  /** How much in all, in the base asset, decimal text; default: two of the venue's smallest orders a slice, at the first price. */
  size: v.optional(decimal),
  /** Over how long, in milliseconds; 100 to 604,800,000. */
  durationMs: v.optional(v.pipe(v.number(), v.minValue(100), v.maxValue(604_800_000)), 60_000),
  /** In how many orders of equal size; whole, 1 to 10,000. */
  slices: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)), 12),
  /** Worst price, decimal text; default: any. */
  limitPrice: v.optional(decimal),
  /** Most that one order may catch up, in slices; 1 to 100. */
  maxCatchUp: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(100)), 3),
});

/** What should have been traded by the end of slice `slice` of `slices`, in whole steps of `increment`; all at the last one. Pure. */
export function dueLots(totalLots: number, slice: number, slices: number, increment: number): number {
  if (slice >= slices) return totalLots;
  return Math.floor((totalLots / increment) * (slice / slices)) * increment;
}

/** What is done so far: kept in the plugin's state, so that a restart goes on and trades nothing twice. */
interface Progress {
  readonly totalLots: number;
  readonly slice: number;
  readonly filledLots: number;
  /** Sum of price x size, in ticks x lots. */
  readonly cost: string;
}

/** Could this be an order at the venue? */
function isOrder(instrument: Instrument, sizeLots: number, priceTicks: number): boolean {
  if (sizeLots <= 0 || sizeLots < instrument.minLots) return false;
  return notionalUnits(instrument, priceTicks, sizeLots) >= instrument.minNotional;
}

function summary({ sizeDecimals, priceDecimals }: Instrument, { totalLots, filledLots, cost }: Progress): string {
  const done = `${formatScaled(filledLots, sizeDecimals)} of ${formatScaled(totalLots, sizeDecimals)}`;
  if (filledLots === 0) return `ended: ${done}`;
  return `ended: ${done} at ${formatScaled(BigInt(cost) / BigInt(filledLots), priceDecimals)} on average`;
}

/**
 * TWAP execution: trades a size in equal slices over a time, each an immediate-or-cancel order at the touch. What a slice did not get, and
 * what a price beyond the limit or a hole in the stream kept from it, is caught up by the next ones, within `maxCatchUp`. After the
 * last slice it tries once more, then ends and says what was done at which average price.
 *
 * Progress is counted from fills; an order whose outcome is not known yet counts as open, so nothing is ordered twice.
 */
export const twap = defineStrategy({
  name: "twap",
  version: "0.1.0",
  config,
  setup(ctx) {
    const { symbol, side, size, durationMs, slices, limitPrice, maxCatchUp } = ctx.config;
    const instrument = symbol === undefined ? ctx.instruments[0] : ctx.instrument(symbol);
    if (instrument === undefined) throw new InvalidInputError("twap needs an instrument: start the session with one");
    const { lotIncrement, minLots, maxLots, sizeDecimals, priceDecimals } = instrument;
    const totalLots =
      size === undefined ? undefined : Math.floor(parseScaled(size, sizeDecimals) / lotIncrement) * lotIncrement;
    if (totalLots !== undefined && totalLots < Math.max(minLots, 1))
      throw new InvalidInputError(
        `twap: size ${size} is below the smallest order of ${instrument.id}, ${formatScaled(minLots, sizeDecimals)}`,
      );
    const limitTicks = limitPrice === undefined ? undefined : parseScaled(limitPrice, priceDecimals);
    let order: OrderView | undefined;

    const progress = () => ctx.state.get("progress") as unknown as Progress | undefined;
    const keep = (change: Partial<Progress>) => ctx.state.set("progress", { ...(progress() as Progress), ...change });

    const trade = ({ totalLots: all, filledLots, slice }: Progress) => {
      const quote = ctx.quote(instrument);
      if (order?.isOpen || quote === undefined) return;
      const priceTicks = side === "buy" ? quote.askTicks : quote.bidTicks;
      if (limitTicks !== undefined && (side === "buy" ? priceTicks > limitTicks : priceTicks < limitTicks)) return;
      const most = Math.ceil(all / slices / lotIncrement) * lotIncrement * maxCatchUp;
      const behind = dueLots(all, slice, slices, lotIncrement) - filledLots;
      const rest = all - filledLots;
      const wanted = Math.floor(Math.min(behind, most, maxLots) / lotIncrement) * lotIncrement;
      // A rest that would be too little for an order of its own goes along.
      const sizeLots =
        isOrder(instrument, rest - wanted, priceTicks) || slice < slices - 1 ? wanted : Math.min(rest, maxLots);
      if (!isOrder(instrument, sizeLots, priceTicks)) return;
      order = ctx.submit({ instrument, side, type: "limit", timeInForce: "IOC", priceTicks, sizeLots });
    };

    const timer = ctx.every(Math.max(1, Math.round(durationMs / slices)), () => {
      const known = progress();
      if (known === undefined) return; // no quote came yet: the time begins with the first one
      if (known.slice > slices || known.filledLots >= known.totalLots) {
        timer.clear();
        return ctx.log(summary(instrument, known));
      }
      keep({ slice: known.slice + 1 });
      trade(progress() as Progress);
    });

    ctx.on("quote", { instrument }, ({ askTicks }) => {
      if (progress() !== undefined) return;
      const lots = totalLots ?? lotsWorth(instrument, askTicks, 2n * BigInt(slices) * instrument.minNotional);
      ctx.state.set("progress", { totalLots: lots, slice: 0, filledLots: 0, cost: "0" });
    });

    ctx.on("fill", { instrument }, ({ fill }) => {
      const { filledLots, cost } = progress() as Progress;
      const more = BigInt(fill.priceTicks) * BigInt(fill.sizeLots);
      keep({ filledLots: filledLots + fill.sizeLots, cost: String(BigInt(cost) + more) });
    });
  },
});

export default twap;
