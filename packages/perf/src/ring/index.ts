export { Deque } from "./deque.ts";
export { MarketDataBuffer, type MarketDataBufferOptions, MarketDataColumn, type RowOf } from "./market-data-buffer.ts";
export { InstrumentLimitError, MarketDataBuffers, type MarketDataBuffersOptions } from "./market-data-buffers.ts";
export { PriorityLanes } from "./priority-lanes.ts";
export {
  type Fields,
  type FieldType,
  type RecordCodec,
  RecordLayout,
  type RecordOf,
  recordLayout,
} from "./record-layout.ts";
export { Ring } from "./ring.ts";
export { attachSharedCounters, createSharedCounters, SharedCounter, SharedCounters } from "./shared-counters.ts";
export { attachSharedMpmcRing, createSharedMpmcRing, SharedMpmcRing } from "./shared-mpmc-ring.ts";
export { SharedRing, type SharedRingOptions, type SharedRingParts } from "./shared-ring.ts";
export { attachSharedSpscRing, createSharedSpscRing, SharedSpscRing } from "./shared-spsc-ring.ts";
