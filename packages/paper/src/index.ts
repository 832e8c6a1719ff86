export { type AccountSpec, DEMO_API_KEY, DEMO_API_SECRET } from "./accounts.ts";
export type { AxiomOptions, AxiomRegion, PaperAxiom } from "./axiom.ts";
export type { AcceptedOrder } from "./engine/ledger.ts";
export type { Kept } from "./engine/market.ts";
export type { ChaosPlan } from "./faults/chaos.ts";
export type { Fault, FaultAim, FaultHandle, FaultKind, FaultScope, MarketScope } from "./faults/fault.ts";
export type { Faults } from "./faults/registry.ts";
export { formatFault, parseFault } from "./faults/text.ts";
export { CannotListenError, PortInUseError } from "./host.ts";
export { DEFAULT_INSTRUMENTS, type InstrumentSpec } from "./instruments.ts";
export type { MarketModelName } from "./models/climate.ts";
export type { ReplaySummary } from "./models/replay.ts";
export type { PaperOptions } from "./options.ts";
export { createPaper, type Paper, type PaperAccount, type PaperRegion } from "./paper.ts";
export {
  type BinanceProduct,
  type LoggedRecord,
  openRecording,
  type RecordedFrame,
  type RecordedInstrument,
  type RecordedItem,
  type RecordedSession,
  type RecordedSnapshot,
  type Recording,
  RecordingError,
  type RecordingListener,
  readSessionLog,
} from "./recording/index.ts";
export { parseRegions, type RegionSpec } from "./regions.ts";
export {
  type AxiomControls,
  type AxiomMail,
  type AxiomPresence,
  type AxiomSession,
  type AxiomTradeReport,
  type AxiomUserSpec,
  type AxiomWalletSpec,
  DEMO_AXIOM_EMAIL,
  DEMO_AXIOM_PASSWORD,
  type RelayedTransaction,
  type RelayResult,
} from "./wire/axiom/index.ts";
export type { Limits } from "./wire/binance/limits.ts";
