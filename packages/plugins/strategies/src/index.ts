export { marketMaker, quotesAround, type Target } from "./market-maker.ts";
export { Lookback, momentum, shouldClose } from "./momentum.ts";
