import * as v from "valibot";

/** Settings that all algorithms have. */
export const deskConfig = v.strictObject({
  /** Shortest time between two children of a run that take, in milliseconds; 10 to 60,000. */
  retryMs: v.optional(v.pipe(v.number(), v.minValue(10), v.maxValue(60_000)), 250),
  /** Children refused in a row, by risk or by the venue, that end a run; whole, 1 to 1000. */
  maxRefusals: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)), 5),
  /** Wait after a refusal, in milliseconds; 10 to 600,000. */
  refusalPauseMs: v.optional(v.pipe(v.number(), v.minValue(10), v.maxValue(600_000)), 1000),
});

export type DeskConfig = v.InferOutput<typeof deskConfig>;
