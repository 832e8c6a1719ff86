import {
  bars,
  dualFeed,
  forAwait,
  frameScanner,
  manySockets,
  moreCalls,
  otherPlaces,
  regionalTransport,
  tradeBackfill,
} from "./optional-parts.ts";
import type { PartMakers } from "./parts.ts";

// In a file of its own: what names all of them must not come along with one.

/** What a client of `@pitlane/sdk/binance` has: all of them. */
export const ALL_PARTS: PartMakers = {
  regionalTransport: regionalTransport.create,
  otherPlaces: otherPlaces.create,
  dualFeed: dualFeed.create,
  manySockets: manySockets.create,
  tradeBackfill: tradeBackfill.create,
  moreCalls: moreCalls.create,
  bars: bars.create,
  frameScanner: frameScanner.create,
  forAwait: forAwait.create,
};
