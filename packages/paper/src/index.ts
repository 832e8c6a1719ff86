export type { AcceptedOrder } from "./engine/ledger.ts";
export { DEFAULT_INSTRUMENTS, type InstrumentSpec } from "./instruments.ts";
export type { ReplaySummary } from "./models/replay.ts";
export type { PaperOptions } from "./options.ts";
export { createPaper, DEMO_API_KEY, DEMO_API_SECRET, type Paper } from "./paper.ts";
export {
  type BinanceProduct,
  openRecording,
  type RecordedFrame,
  type RecordedInstrument,
  type RecordedItem,
  type RecordedSession,
  type RecordedSnapshot,
  type Recording,
  RecordingError,
} from "./recording/index.ts";
export type { Limits } from "./wire/binance/limits.ts";
export { PortInUseError } from "./wire/binance/server.ts";
