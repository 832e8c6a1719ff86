export { ArenaFullError } from "./arena.ts";
export { createKernels, type Kernels, type KernelsOptions } from "./kernels.ts";
export {
  PackedTrades,
  type PackedTradesOptions,
  type TradeColumns,
  type TradeSide,
  type Vwap,
} from "./packed-trades.ts";
export type { Floats } from "./scalar.ts";
export type { TradeSums } from "./trade-segment.ts";
