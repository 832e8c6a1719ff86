import { type Instrument, OrderBook, type QuoteEvent, type Side } from "@pitlane/sdk";
import { spentAsset } from "./reservations.ts";
import { checkRequest, DEFAULT_WEIGHTS, routeOrder } from "./router.ts";
import type { FreeUnits } from "./router-funds.ts";
import type { RouteCandidate, RouteDecision, RouteRequest, RouteWeights } from "./router-types.ts";

/** As a session's config has it. */
export interface RouterSettings {
  readonly weights: RouteWeights;
  /** Taker fee by venue, in basis points. */
  readonly takerFeeBps: Readonly<Record<string, number>>;
  readonly otherTakerFeeBps: number;
  readonly minSplitSavingBps: number;
  readonly maxQuoteAgeMs: number;
}

export const DEFAULT_ROUTER: RouterSettings = {
  weights: DEFAULT_WEIGHTS,
  takerFeeBps: {},
  otherTakerFeeBps: 10,
  minSplitSavingBps: 1,
  maxQuoteAgeMs: 10_000,
};

export interface RouteDeskOptions {
  readonly instruments: readonly Instrument[];
  readonly settings: RouterSettings;
  readonly quote: (instrument: Instrument) => QuoteEvent | undefined;
  readonly book: (instrument: Instrument) => OrderBook | undefined;
  /** Time to a venue's answer; undefined when none is known. */
  readonly latencyNs: (venue: string) => number | undefined;
  /** True while an order there has an outcome that nobody knows: the venue may not be answering. */
  readonly hasUnknown: (venue: string) => boolean;
  /** What may be spent of an asset at a venue; left out, no account sets a bound. */
  readonly freeUnits?: FreeUnits;
  /** See `RouteOptions`. */
  readonly reserveFeeBps?: number;
  /** Session time. */
  readonly nowUs: () => number;
}

/**
 * Looks up what the router decides by: every instrument of the symbol, with its book, fee, latency and health at this moment of the session.
 *
 * A venue is left out while it takes no orders, its quote is missing (before the first, after a gap) or older than `maxQuoteAgeMs`, or one of our
 * orders there has an unknown outcome. Without a book the quote counts as one of a single level. What the venue's account can spend bounds
 * what is sent there.
 */
export class RouteDesk {
  readonly #options: RouteDeskOptions;

  constructor(options: RouteDeskOptions) {
    this.#options = options;
  }

  /** @throws {InvalidInputError} When the request cannot be. */
  decide(request: RouteRequest): RouteDecision {
    const { instruments, settings, reserveFeeBps = 0 } = this.#options;
    checkRequest(request);
    const { symbol, side } = request;
    const candidates = instruments.filter((one) => one.symbol === symbol).map((one) => this.#candidate(one, side));
    return routeOrder(request, candidates, { ...settings, reserveFeeBps });
  }

  #candidate(instrument: Instrument, side: Side): RouteCandidate {
    const { settings, quote, book, latencyNs, freeUnits } = this.#options;
    const { venue } = instrument;
    const last = quote(instrument);
    return {
      instrument,
      book: book(instrument) ?? (last === undefined ? undefined : touchOf(last)),
      feeBps: settings.takerFeeBps[venue] ?? settings.otherTakerFeeBps,
      latencyNs: latencyNs(venue),
      ailment: this.#ailment(instrument, last),
      freeUnits: freeUnits?.(venue, spentAsset({ instrument, side })),
    };
  }

  #ailment({ trading, venue }: Instrument, quote: QuoteEvent | undefined): string {
    const { settings, hasUnknown, nowUs } = this.#options;
    if (!trading) return "the venue takes no orders for it";
    if (quote === undefined) return "it has no quote: none has come, or none since a gap";
    const ageMs = (nowUs() - quote.receivedAtUs) / 1000;
    if (ageMs > settings.maxQuoteAgeMs) return `its quote is ${ageMs} ms old`;
    return hasUnknown(venue) ? "the outcome of an order there is unknown" : "";
  }
}

function touchOf({ bidTicks, bidLots, askTicks, askLots }: QuoteEvent): OrderBook {
  const book = new OrderBook({ windowTicks: 32 });
  if (bidTicks > 0) book.set("bid", bidTicks, bidLots);
  if (askTicks > 0) book.set("ask", askTicks, askLots);
  return book;
}
