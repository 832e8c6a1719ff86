import { checkFlag, checkFunction, checkObject, checkSignal } from "../../checks.ts";
import type { MarketStreamOptions } from "../../stream/streams.ts";

const CALLBACKS = ["onEvent", "onFrameEnd", "onError"] as const;

/**
 * The kinds of a market stream's options, for callers without types; their ranges and names are checked where they are used.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 */
export function checkMarketStream(options: MarketStreamOptions): void {
  checkObject("options", options);
  const { dual = false, staleAfterMs = {}, signal } = options;
  checkFlag("dual", dual);
  if (typeof staleAfterMs !== "function") checkObject("staleAfterMs", staleAfterMs);
  for (const name of CALLBACKS) if (options[name] !== undefined) checkFunction(name, options[name]);
  checkSignal(signal);
}
