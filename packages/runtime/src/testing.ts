import { createPaperHost, type PaperHostOptions, type PaperTestHost } from "./testing/paper-host.ts";
import { createScriptHost } from "./testing/script-host.ts";
import type { TestHost, TestHostOptions } from "./testing/test-host.ts";

export {
  type PluginCheck,
  PluginConformanceError,
  type PluginConformanceOptions,
  pluginConformance,
} from "./testing/conformance.ts";
export { testInstrument } from "./testing/instrument.ts";
export { type MarketScriptOptions, playMarket } from "./testing/market-script.ts";
export type { Decision, PaperHostOptions, PaperMarket, PaperTestHost } from "./testing/paper-host.ts";
export type { TestHost, TestHostOptions, TestLevel } from "./testing/test-host.ts";

/**
 * Runs a plugin in a test: on events that the test makes (`instruments`), or against the paper exchange in this process (`market`).
 *
 * @throws {InvalidInputError} When the config or the setup fails.
 * @example
 * const scripted = await createTestHost({ plugin, instruments: [testInstrument()] });
 * const traded = await createTestHost({ plugin, seed: 7, market: { model: "mean-reversion" } });
 */
export function createTestHost(options: TestHostOptions): Promise<TestHost>;
export function createTestHost(options: PaperHostOptions): Promise<PaperTestHost>;
export function createTestHost(options: TestHostOptions | PaperHostOptions): Promise<TestHost | PaperTestHost> {
  return "market" in options ? createPaperHost(options) : createScriptHost(options);
}
