export { Gcra, type GcraOptions } from "./gcra.ts";
export { KeyedLimiter, type KeyedLimiterOptions } from "./keyed-limiter.ts";
export type { ForgettableLimiter, Limiter } from "./limiter.ts";
export { BudgetUnavailableError, RedisBudget, type RedisBudgetOptions } from "./redis-budget.ts";
export type { SharedBudget } from "./shared-budget.ts";
export { SlidingWindow, type SlidingWindowOptions } from "./sliding-window.ts";
export { LimiterQueueFullError, TakeQueue, type TakeQueueOptions, type TakeSource } from "./take-queue.ts";
export { TokenBucket, type TokenBucketOptions } from "./token-bucket.ts";
export { unitsUsed } from "./units-used.ts";
export {
  PRIORITIES,
  type Priority,
  type Shares,
  WeightedBudget,
  type WeightedBudgetOptions,
} from "./weighted-budget.ts";
export { WorkerBudget, type WorkerBudgetOptions } from "./worker-budget.ts";
