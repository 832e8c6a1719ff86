import { marketMaker } from "./market-maker.ts";
import { momentum } from "./momentum.ts";

export { marketMaker, quotesAround, type Target } from "./market-maker.ts";
export { Lookback, momentum, shouldClose } from "./momentum.ts";
export { type Fit, fitLine, judge, pairArbitrage } from "./pair-arbitrage.ts";
export { convert, endOf, type Leg, type Step, triangularArbitrage, walk, waysRound } from "./triangular-arbitrage.ts";
export { dueLots, twap } from "./twap.ts";

/** What `pitlane start` runs: the two that trade any instruments with no settings. The others are run by their subpaths. */
export default [marketMaker, momentum];
