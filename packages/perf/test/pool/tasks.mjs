// What the threads of worker-pool.test.ts do, by name.
import { resourceLimits, threadId } from "node:worker_threads";

const tasks = {
  double: (/** @type {number} */ value) => 2 * value,
  thread: () => threadId,
  youngGenerationMb: () => resourceLimits.maxYoungGenerationSizeMb,
  sum: (/** @type {Float64Array} */ values) => values.reduce((sum, value) => sum + value, 0),
  fail: (/** @type {string} */ message) => {
    throw new RangeError(message);
  },
  exit: (/** @type {number} */ code) => process.exit(code),
  crash: () => {
    setImmediate(() => {
      throw new Error("thrown where nobody catches");
    });
    return new Promise(() => {});
  },
  spin: () => {
    for (;;);
  },
  /** Waits until the first number of `flags` is no longer 0, having counted itself in the second. */
  hold: (/** @type {Int32Array} */ flags) => {
    Atomics.add(flags, 1, 1);
    Atomics.notify(flags, 1);
    Atomics.wait(flags, 0, 0);
    return threadId;
  },
  uncloneable: () => () => {},
};

/** @param {[keyof typeof tasks, any]} task */
export default ([name, argument]) => tasks[name](argument);
