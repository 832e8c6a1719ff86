/** What plain JavaScript can pass as the `control` of a call, and the words that refuse it. */
export const BAD_CONTROLS: readonly (readonly [control: unknown, words: string])[] = [
  [null, "control must be an object, got null"],
  [5, "control must be an object, got 5"],
  ["x", 'control must be an object, got "x"'],
  [{ signal: 5 }, "signal must be an AbortSignal, got 5"],
  [{ signal: null }, "signal must be an AbortSignal, got null"],
  [{ signal: {} }, "signal must be an AbortSignal, got object"],
  [{ signal: { throwIfAborted() {} } }, "signal must be an AbortSignal, got object"],
  [
    { signal: { aborted: false, throwIfAborted() {}, addEventListener() {} } },
    "signal must be an AbortSignal, got object",
  ],
  [{ timeoutMs: Object.create(null) }, "timeoutMs must be a number from 1 to 600000, got object"],
  [{ retries: Symbol() }, "retries must be a whole number from 0 to 100, got Symbol()"],
  [{ timeoutMs: -1 }, "timeoutMs must be a number from 1 to 600000, got -1"],
  [{ timeoutMs: 0 }, "timeoutMs must be a number from 1 to 600000, got 0"],
  [{ timeoutMs: Number.NaN }, "timeoutMs must be a number from 1 to 600000, got NaN"],
  [{ timeoutMs: Number.POSITIVE_INFINITY }, "timeoutMs must be a number from 1 to 600000, got Infinity"],
  [{ timeoutMs: "5" }, "timeoutMs must be a number from 1 to 600000, got 5"],
  [{ timeoutMs: null }, "timeoutMs must be a number from 1 to 600000, got null"],
  [{ retries: 0.5 }, "retries must be a whole number from 0 to 100, got 0.5"],
  [{ hedgeAfterMs: 0 }, "hedgeAfterMs must be a number from 1 to 60000, got 0"],
];
