import { createSystemClock, InvalidInputError, integerInRange } from "@pitlane/perf";
import { checkMethods, checkVenueName } from "../../checks.ts";
import type { ClientEmitter } from "../../client-events.ts";
import type { CoreMarket, MarketOptions } from "./core-market.ts";
import { endpointsOf, factsOf, type OtherPlaces } from "./endpoints.ts";
import type { Network, NetworkPlace } from "./network.ts";
import type { BinanceMarketOptions } from "./options.ts";

/** What all clients of Binance are made of. */
export interface Wiring<N extends Network = Network, M extends CoreMarket = CoreMarket> extends NetworkPlace {
  readonly network: N;
  readonly market: M;
  /** @throws {InvalidInputError} When the client is closed. */
  checkOpen(): void;
  /** Closes what was added by `own`, in reverse order, then the network. */
  close(): Promise<void>;
  /** Has `part` closed with the client. @returns What takes it out again. */
  own(part: { close(): Promise<void> }): () => void;
}

/**
 * Checks the options that every client has, and puts its parts together; nothing is connected.
 *
 * @param connect Makes the network.
 * @param newMarket Makes the public calls.
 * @param others Markets and places beside spot and production; undefined: none.
 * @param events Takes what is told of the client.
 * @throws {InvalidInputError} Naming the option and its rule.
 */
export function wire<N extends Network, M extends CoreMarket>(
  options: BinanceMarketOptions,
  connect: (place: NetworkPlace) => N,
  newMarket: (options: MarketOptions) => M,
  others: OtherPlaces | undefined,
  events: ClientEmitter,
): Wiring<N, M> {
  const { product = "spot" } = options;
  const facts = factsOf(product, others);
  const venue = options.venue ?? facts.venue;
  checkVenueName("venue", venue);
  const clock = options.clock ?? createSystemClock();
  const random = options.random ?? { next: () => Math.random() }; // spreads pauses, and decides nothing
  checkMethods("clock", clock, "nowUs", "monotonicNs", "sleep");
  checkMethods("random", random, "next");
  const closing = new AbortController();
  const place: NetworkPlace = {
    options,
    product,
    venue,
    facts,
    endpoints: endpointsOf(facts, options, others),
    connectTimeoutMs: integerInRange("connectTimeoutMs", options.connectTimeoutMs ?? 5_000, 1, 600_000),
    callTimeoutMs: integerInRange("callTimeoutMs", options.callTimeoutMs ?? 10_000, 1, 600_000),
    connections: integerInRange("connections", options.connections ?? 20, 1, 1_000),
    requestWeight: integerInRange("requestWeight", options.requestWeight ?? facts.requestWeight, 100, 1e9),
    events,
    closing: closing.signal,
    clock,
    random,
  };
  const network = connect(place);
  const market = newMarket({
    api: network.rest,
    venue,
    mostLevels: facts.snapshotLimit,
    nowUs: () => clock.nowUs(),
    closing: closing.signal,
  });

  const owned = new Set<{ close(): Promise<void> }>();
  let closed: Promise<void> | undefined;

  async function shut(): Promise<void> {
    closing.abort(new InvalidInputError("the client is closed: create another one"));
    await Promise.all([...owned].reverse().map((part) => part.close()));
    await network.close();
  }

  return {
    ...place,
    network,
    market,
    checkOpen: () => closing.signal.throwIfAborted(),
    close() {
      closed ??= shut();
      return closed;
    },
    own(part) {
      owned.add(part);
      return () => owned.delete(part);
    },
  };
}
