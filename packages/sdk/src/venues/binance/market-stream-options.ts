import { check, checkFlag, checkFunction, checkList, checkObject, checkSignal } from "../../checks.ts";
import type { MarketStreamOptions } from "../../stream/streams.ts";

const CALLBACKS = ["onEvent", "onFrameEnd", "onError"] as const;

/**
 * The kinds of a market stream's options, for callers without types; their ranges and names are checked where they are used. The
 * light client does without it: its bundle counts bytes.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 */
export function checkMarketStream(options: MarketStreamOptions): void {
  checkObject("options", options);
  const { instruments, streams, bars, dual, staleAfterMs } = options;
  checkList("instruments", instruments);
  if (streams !== undefined) checkList("streams", streams);
  for (const name of streams ?? []) check(typeof name === "string", "a stream's name", "text", name);
  if (bars !== undefined) checkList("bars", bars);
  if (dual !== undefined) checkFlag("dual", dual);
  if (typeof staleAfterMs !== "function") checkObject("staleAfterMs", staleAfterMs ?? {});
  for (const name of CALLBACKS) if (options[name] !== undefined) checkFunction(name, options[name]);
  checkSignal(options.signal);
}
