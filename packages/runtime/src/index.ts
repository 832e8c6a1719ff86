export type { BookEvent, GapEvent, Instrument, OrderBook, QuoteEvent, ResyncEvent, TradeEvent } from "@pitlane/sdk";
export type { FillEvent, OrderEvent } from "./bus/events.ts";
export { type Config, type ConfigInput, checkConfig, defineConfig, loadConfig } from "./config.ts";
export { allow, deny, type RiskVote, type Verdict } from "./engines/risk.ts";
export { lotsWorth } from "./engines/sizing.ts";
export { JournalError } from "./journal/journal.ts";
export { type JournalVerdict, verifyJournal } from "./journal/verify.ts";
export type { Intent, OrderState, OrderView } from "./orders/order.ts";
export {
  definePlugin,
  defineStrategy,
  type HookEvents,
  type HookFilter,
  type HookKind,
  type Plugin,
  type PluginContext,
  type PluginDefinition,
} from "./plugins/define.ts";
export { loadPlugins } from "./plugins/load.ts";
export type { BookReport, EndReason, Fault, InstrumentReport, Report, RunMode } from "./report.ts";
export { createRunId, type RunId } from "./run-id.ts";
export { openRuntime } from "./runtime.ts";
export type { Runtime, RuntimeOptions, Status } from "./runtime-types.ts";
