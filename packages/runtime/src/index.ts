export type { BookEvent, GapEvent, Instrument, OrderBook, QuoteEvent, ResyncEvent, TradeEvent } from "@pitlane/sdk";
export {
  baseUnits,
  formatScaled,
  formatUnits,
  InvalidInputError,
  notionalUnits,
  parseScaled,
  parseUnits,
} from "@pitlane/sdk";
export type { AlertEntry } from "./alerts/alert-desk.ts";
export { type BuiltInRule, builtInRules, type QueueBounds } from "./alerts/built-in.ts";
export type { AlertDesk } from "./alerts/desk.ts";
export { toGrafanaDashboard } from "./alerts/grafana.ts";
export { toPrometheusRules } from "./alerts/prometheus-rules.ts";
export type { Alert, AlertLevel, AlertRule, Severity } from "./alerts/rules.ts";
export type { AlertsSettings } from "./alerts/settings.ts";
export { ALERT_SIGNALS, type AlertSignal, type AlertUnit } from "./alerts/signals.ts";
export type { BacktestReport } from "./backtest/backtest-report.ts";
export {
  type BarColumns,
  type Columns,
  type DepthColumns,
  DepthOp,
  type MarketData,
  type TradeColumns,
} from "./backtest/columns.ts";
export { BarColumnsBuilder, DepthColumnsBuilder, TradeColumnsBuilder } from "./backtest/columns-builder.ts";
export { type DivergenceReport, type DivergeOptions, divergeRun } from "./backtest/diverge-run.ts";
export type { DivergenceSummary, Divergences, OrderDivergence } from "./backtest/divergence.ts";
export { type MonteCarlo, monteCarlo } from "./backtest/monte-carlo.ts";
export type {
  BacktestOptions,
  FillModelOptions,
  LatencyModel,
  SimFees,
  SimLatencyOptions,
} from "./backtest/options.ts";
export type { QueueModel } from "./backtest/queue-model.ts";
export type { InstrumentHints } from "./backtest/readers/data-instrument.ts";
export { type LoadedData, type ReadDataOptions, readMarketData } from "./backtest/readers/read-market-data.ts";
export type { BacktestResult, SimFill, SimHalt, SimLatencies, Tier } from "./backtest/result.ts";
export { runBacktest } from "./backtest/run-backtest.ts";
export { Bus, type BusOptions } from "./bus/bus.ts";
export { DuplicateEventKindError, TooManyEventKindsError, UnknownEventKindError } from "./bus/errors.ts";
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
export { CALM_FLAGS } from "./cli/calm-gc.ts";
export { combineVenues, type NamedVenue } from "./combine-venues.ts";
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
export {
  ArbitrageDetector,
  type ArbitrageLeg,
  type ArbitrageOpportunity,
  type ArbitrageOptions,
} from "./engines/arbitrage.ts";
export type { Backlog } from "./engines/backlog.ts";
export { type BarEvery, type BarName, barLengthUs, barStartUs, type FixedBarInterval } from "./engines/bar-every.ts";
export { BarBuilder, type BarBuilderOptions, type BuiltBar, type BuiltBarEvent } from "./engines/bars.ts";
export { type EquityRecord, EquityTracker } from "./engines/equity.ts";
export { type BookWalk, marketImpactBps, walkTheBook } from "./engines/impact.ts";
export type { FeedServices } from "./engines/market-feeds.ts";
export { type MarketStats, Microstructure, type MicrostructureOptions } from "./engines/microstructure.ts";
export { flowOf, OrderFlow } from "./engines/order-flow.ts";
export {
  measurePerformance,
  type PerformanceOptions,
  type PerformanceReport,
  type ValueAtRisk,
} from "./engines/performance.ts";
export { EquityCurve, type EquityCurveOptions } from "./engines/performance-curve.ts";
export {
  PerformanceMonitor,
  type PerformanceMonitorOptions,
  type SessionPerformance,
} from "./engines/performance-monitor.ts";
export { TradeTally } from "./engines/performance-trades.ts";
export {
  type CostMethod,
  type LedgerView,
  Portfolio,
  type PortfolioOptions,
  type PositionView,
} from "./engines/portfolio.ts";
export { accountingAsset, Valuation } from "./engines/portfolio-valuation.ts";
export { RealizedVolatility } from "./engines/realized-volatility.ts";
export type { RecentData, RecentKind, RecentRows } from "./engines/recent.ts";
export { allow, deny, type RiskVote, type Verdict } from "./engines/risk.ts";
export { DEFAULT_WEIGHTS, routeOrder } from "./engines/router.ts";
export type {
  NoRoute,
  RouteCandidate,
  RouteDecision,
  RouteOptions,
  RouteOrders,
  RoutePiece,
  RouteRequest,
  RouteScore,
  RouteView,
  RouteWeights,
} from "./engines/router-types.ts";
export { lotsOf, lotsWorth } from "./engines/sizing.ts";
export { TickLots, tickLotsToUnits, unitsToTickLots } from "./engines/tick-lots.ts";
export { RiskHaltError, type TradingState, type TradingStatus } from "./engines/trading-state.ts";
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
export { entriesIn, formatUs, type JournalEntry, toJson } from "./journal/entries.ts";
export {
  JournalCorruptError,
  JournalError,
  JournalLockedError,
  JournalSegmentError,
  JournalVersionError,
} from "./journal/errors.ts";
export { JournalFollower } from "./journal/follower.ts";
export { decodeInputs } from "./journal/input-reader.ts";
export { encodeInputs, InputWriter } from "./journal/input-writer.ts";
export type { InputRecord, LevelList } from "./journal/inputs.ts";
export { type Durability, Journal, type JournalOptions, type Recovery } from "./journal/journal.ts";
export { describeEntry, type OrderStory, shapesOf, storyLines, tellOrder } from "./journal/order-story.ts";
export { lastRow, type RowRange, readRows, readRowsWithSegments } from "./journal/read.ts";
export { packInputs, type SegmentBody, type SegmentStats, unpackSegment } from "./journal/segments.ts";
export { type JournalVerdict, verifyJournal, verifyWithSegments } from "./journal/verify.ts";
export { type KillSwitchOptions, type KillSwitchOrder, watchKillSwitch } from "./kill-switch.ts";
export { STAGES, type Stage } from "./latency.ts";
export { MomentError, type MomentOfOptions, MomentReader, momentOf } from "./observe/moment-child.ts";
export type { Moment, MomentOrder, MomentPlugin, MomentRow } from "./observe/moment-types.ts";
export {
  defineObserver,
  type LogLine,
  type MarketView,
  type ObservedSession,
  type Observer,
  type OpenObserver,
  type OperatorActions,
  type SampleFeed,
} from "./observe/observer.ts";
export type { ProcessPerformance, RunPerformanceReport, Throughput } from "./observe/performance-report.ts";
export {
  type AnsweredOrder,
  type CacheFigures,
  type ConnectionFigures,
  type Disturbance,
  type EndpointFigures,
  type InstrumentFigures,
  type JournalFigures,
  type LatencyFigures,
  type LatencySpans,
  type LimitFigures,
  type NetworkFigures,
  ORDER_STAGES,
  type OrderFlow as OrderFlowFigures,
  type OrderStage,
  type PluginFigures,
  type PoolFigures,
  type ProfitFigures,
  type Rate,
  type SessionSample,
  type SlowOrder,
} from "./observe/sample.ts";
export { parseRow as parseSampleRow, type SampleRow } from "./observe/sample-rows.ts";
export { stageHistogram } from "./observe/stage-histogram.ts";
export {
  runUpdateTest,
  UPDATE_LIMIT_US,
  type UpdateTestOptions,
  type UpdateTestResult,
} from "./observe/update-test.ts";
export type { Intent, OrderState, OrderView } from "./orders/order.ts";
export {
  BadShapeError,
  describeShape,
  type FieldChange,
  type IntentChange,
  type ShapeRecord,
  withoutShapes,
} from "./orders/shape.ts";
export { DEFAULT_SIGNALS, type ShapedSignal, type Signal, type SignalSettings, shapeSignal } from "./orders/signal.ts";
export { type BootNode, formatBootTree } from "./plugins/boot-tree.ts";
export {
  type BarFilter,
  definePlugin,
  defineStrategy,
  type GapPolicy,
  type HookEvents,
  type HookFilter,
  type HookKind,
  type IntentShaper,
  type Logger,
  type LogLevel,
  type NoPromise,
  type Plugin,
  type PluginContext,
  type PluginDefinition,
  type PluginInstance,
  type Routed,
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
export { readStart, readStartWithSegments, type StartRecord } from "./run-record.ts";
export { openRuntime } from "./runtime.ts";
export type { Runtime, RuntimeOptions, Status } from "./runtime-types.ts";
export {
  SERVICE_TARGETS,
  type ServiceLevel,
  ServiceTally,
  type ServiceTarget,
  type TargetLevel,
  toServiceLevel,
} from "./service-level.ts";
export { blockMinima, judge, type Trend, type TrendVerdict, trendOf } from "./soak/trend.ts";
export type {
  MarketFeed,
  MarketVenue,
  OrderVenue,
  TradingVenue,
  UserFeed,
  VenueAccount,
  VenueEvents,
  VenueNetwork,
} from "./venue.ts";
