export { DoubleReleaseError } from "../flow/semaphore.ts";
export { BufferPool, type BufferPoolOptions, type BufferPoolStats } from "./buffer-pool.ts";
export {
  AcquireTimeoutError,
  ForeignReleaseError,
  PoolExhaustedError,
  StaleHandleError,
  TaskTimeoutError,
  WorkerCrashedError,
} from "./errors.ts";
export type { Lease } from "./lease.ts";
export { ObjectPool, type ObjectPoolOptions, type ObjectPoolStats } from "./object-pool.ts";
export { ResourcePool } from "./resource-pool.ts";
export type { ResourcePoolOptions, ResourcePoolStats } from "./resource-pool-options.ts";
export { SlotPool, type SlotPoolStats } from "./slot-pool.ts";
export {
  createWorkerPool,
  type RunOptions,
  type WorkerPool,
  type WorkerPoolOptions,
  type WorkerPoolStats,
} from "./worker-pool.ts";
