/**
 * One budget spent by several: the same two questions whether its state is in this process, in shared memory or in Redis.
 *
 * | form | who shares it | answers |
 * | --- | --- | --- |
 * | any `Limiter`, a `TokenBucket` say | the parts of one process | at once |
 * | `WorkerBudget` | the threads of one process | at once |
 * | `RedisBudget` | processes and hosts | by a promise |
 *
 * Code written against this type awaits the answers, which a plain value allows too, and runs on all three. For waiting in
 * order, put a `TakeQueue` before it, one in each process.
 *
 * @example
 * async function spend(budget: SharedBudget, weight: number): Promise<boolean> {
 *   return await budget.tryTake(weight);
 * }
 */
export interface SharedBudget {
  /** Takes `cost`, or nothing and answers false. What others have taken by then counts. */
  tryTake(cost?: number): boolean | Promise<boolean>;
  /** Whole milliseconds until `tryTake(cost)` succeeds, if nobody else takes; 0 when it would now. */
  waitMs(cost?: number): number | Promise<number>;
}
