export { RecordingError } from "./errors.ts";
export type { RecordingListener } from "./file-scan.ts";
export type { RecordedInstrument } from "./instruments.ts";
export type { BinanceProduct } from "./product.ts";
export type { RecordedFrame, RecordedItem, RecordedSnapshot } from "./recorded-item.ts";
export { openRecording, type Recording } from "./recording.ts";
export { type LoggedRecord, readSessionLog } from "./session-log.ts";
export type { RecordedSession } from "./session-scan.ts";
