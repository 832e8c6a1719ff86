import type { MarketStream, MarketStreamOptions } from "../../stream/streams.ts";
import { type MarketStreamParts, openMarketStream } from "./market-stream.ts";
import { checkMarketStream } from "./market-stream-options.ts";
import type { Parts } from "./parts.ts";
import type { Wiring } from "./wiring.ts";

/** Opens a market stream that is closed with its client. @throws {InvalidInputError} When an option breaks its rule. */
export function openMarket(
  wiring: Wiring & Pick<MarketStreamParts, "watch">,
  optional: Parts,
  options: MarketStreamOptions,
): MarketStream {
  checkMarketStream(options);
  wiring.checkOpen();
  const { network, facts } = wiring;
  let forget = () => {};
  const stream = openMarketStream(options, {
    ...wiring,
    mostLevels: facts.snapshotLimit,
    endpoints: network.stream,
    rest: network.rest,
    optional,
    onClose: () => forget(),
  });
  forget = wiring.own(stream);
  return stream;
}
