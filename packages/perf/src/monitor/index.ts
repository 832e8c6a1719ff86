export { type AllocationTree, toAllocationTree } from "./allocation-tree.ts";
export { allowedCores, checkCores, parseCoreList } from "./core-list.ts";
export { type CpuReading, type CpuUse, cpuUse } from "./cpu.ts";
export { type IntervalReadings, type LoopDelay, toLoopDelay } from "./event-loop.ts";
export type { FlameFrame, FlameTree, FlameUnit, FrameKind } from "./flame-frame.ts";
export { flameGraphHtml } from "./flame-graph.ts";
export { type TimeTree, toFlameTree } from "./flame-tree.ts";
export { GC_KINDS, type GcKind, type GcPause, type GcPauses, type GcReading, GcTally, toGcKind } from "./gc.ts";
export type { HeapHolder, HeapPath } from "./heap-path.ts";
export {
  type HeapFileOptions,
  type HeapSummary,
  type HeapSummaryOptions,
  type HeapType,
  readHeapSummary,
} from "./heap-summary.ts";
export { type MemoryUse, memoryUse } from "./memory.ts";
export {
  CpuPinner,
  type CpuPinnerHost,
  CpuPinningError,
  CpuPinningUnsupportedError,
  createCpuPinner,
} from "./pin-cpu.ts";
export { processMetrics } from "./process-metrics.ts";
export {
  createProcessMonitor,
  ProcessMonitor,
  type ProcessMonitorOptions,
  type ProcessSample,
  type ProcessSources,
  type ProcessWatchOptions,
} from "./process-monitor.ts";
export {
  type AllocationProfile,
  type AllocationProfileOptions,
  type CpuProfile,
  type CpuProfileOptions,
  createProfiler,
  type OpenSession,
  Profiler,
  ProfilerBusyError,
  type ProfilerOptions,
  ProfilingError,
} from "./profiler.ts";
