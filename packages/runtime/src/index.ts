export type { BookEvent, GapEvent, Instrument, OrderBook, QuoteEvent, ResyncEvent, TradeEvent } from "@pitlane/sdk";
export { Bus, type BusOptions } from "./bus/bus.ts";
export { DuplicateEventKindError, UnknownEventKindError } from "./bus/errors.ts";
export {
  type BusEvent,
  defineEvent,
  type EventCatalogue,
  type EventDefinition,
  type EventKind,
  type EventOptions,
  type FillEvent,
  type LaneName,
  type OrderEvent,
  type ReportEvent,
} from "./bus/events.ts";
export { EventKinds } from "./bus/kinds.ts";
export {
  type Config,
  type ConfigInput,
  checkConfig,
  defineConfig,
  type LoadSettingsOptions,
  loadConfig,
  loadSettings,
  type Origin,
  type Setting,
  type Settings,
  secret,
} from "./config.ts";
export { allow, deny, type RiskVote, type Verdict } from "./engines/risk.ts";
export { lotsWorth } from "./engines/sizing.ts";
export { Dispatcher, type DispatcherOptions } from "./hooks/dispatcher.ts";
export {
  ControlHookError,
  ControlHookTimeoutError,
  HookOrderError,
  HookReturnedPromiseError,
  NoVerdictError,
} from "./hooks/errors.ts";
export type { ErrorPolicy, HookPlace, HookStage } from "./hooks/kinds.ts";
export {
  type ArchiveOptions,
  type ArchiveReport,
  archiveRuns,
  nextArchiveUs,
  type RunArchive,
} from "./journal/archive.ts";
export type { JournalRow } from "./journal/chain.ts";
export {
  JournalCorruptError,
  JournalError,
  JournalLockedError,
  JournalSegmentError,
  JournalVersionError,
} from "./journal/errors.ts";
export { decodeInputs } from "./journal/input-reader.ts";
export { encodeInputs, InputWriter } from "./journal/input-writer.ts";
export type { InputRecord, LevelList } from "./journal/inputs.ts";
export { type Durability, Journal, type JournalOptions, type Recovery } from "./journal/journal.ts";
export { type RowRange, readRows, readRowsWithSegments } from "./journal/read.ts";
export { packInputs, type SegmentBody, type SegmentStats, unpackSegment } from "./journal/segments.ts";
export { type JournalVerdict, verifyJournal, verifyWithSegments } from "./journal/verify.ts";
export type { Intent, OrderState, OrderView } from "./orders/order.ts";
export { type BootNode, formatBootTree } from "./plugins/boot-tree.ts";
export {
  definePlugin,
  defineStrategy,
  type HookEvents,
  type HookFilter,
  type HookKind,
  type Logger,
  type LogLevel,
  type NoPromise,
  type Plugin,
  type PluginContext,
  type PluginDefinition,
  type PluginInstance,
} from "./plugins/define.ts";
export { PermissionError, type PluginBootCode, PluginBootError, PluginClosedError } from "./plugins/errors.ts";
export {
  type HostServices,
  type PluginControl,
  type PluginEntry,
  PluginHost,
  type PluginHostOptions,
  type SwapReport,
} from "./plugins/host.ts";
export { type HotReloadOptions, reloadOnSave, type WatchOptions, watchPlugin } from "./plugins/hot-reload.ts";
export { loadPlugins } from "./plugins/load.ts";
export type { Capabilities, Needs, Provisions } from "./plugins/needs.ts";
export type { PerfParts } from "./plugins/parts.ts";
export type { Permissions } from "./plugins/permissions.ts";
export type { Budgets, FaultPolicy, Standing } from "./plugins/quarantine.ts";
export type { HostSnapshot, PluginSnapshot } from "./plugins/snapshot.ts";
export type { Json, KeyValueState } from "./plugins/state.ts";
export type { PluginTimer } from "./plugins/timers.ts";
export { Recorder, type RecorderOptions, type RecordingTally } from "./recorder.ts";
export { type ReplayReport, type ReplayRunOptions, replayRun } from "./replay-run.ts";
export type { BookReport, EndReason, Fault, InstrumentReport, Report, RunMode } from "./report.ts";
export { createRunId, type RunId } from "./run-id.ts";
export { readStart, type StartRecord } from "./run-record.ts";
export { openRuntime } from "./runtime.ts";
export type { Runtime, RuntimeOptions, Status } from "./runtime-types.ts";
export type { MarketVenue, TradingVenue } from "./venue.ts";
