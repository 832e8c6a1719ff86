import { LatencyHistogram, type LatencySummary } from "@pitlane/perf/metrics";

/**
 * The stages between a frame and an order, each with its own histogram:
 *
 *     frame -> decode -> dispatch -> strategy -> risk -> journal -> (queue) -> send -> ack
 *       '-------------------------- tickToOrder --------------------------'
 *                               order wanted '-------- processing --------'
 *                               order wanted '-------------- execution --------------'
 *
 * decode: frame received until its event is ready. dispatch: event published until its first hook runs. strategy: one hook.
 * risk: all votes on one intent. journal: commit of the intents of one hook. queue: risk and journal done until its turn comes, of orders
 * that had to wait for one. send: from then until the request's bytes are handed to the socket. ack: from there until the venue's answer.
 * tickToOrder: frame received until bytes handed to the socket; an order waits in it for what came before it in the same read.
 * processing: the strategy wants the order until bytes handed to the socket. execution: the strategy wants the order until the venue's answer.
 */
export const STAGES = [
  "decode",
  "dispatch",
  "strategy",
  "risk",
  "journal",
  "queue",
  "send",
  "ack",
  "tickToOrder",
  "processing",
  "execution",
] as const;

export type Stage = (typeof STAGES)[number];

/** A histogram for each stage. */
export type StageLatencies = Readonly<Record<Stage, LatencyHistogram>>;

export function createStageLatencies(): StageLatencies {
  return Object.fromEntries(STAGES.map((stage) => [stage, new LatencyHistogram()])) as Record<Stage, LatencyHistogram>;
}

export function summarize(latencies: StageLatencies): Record<Stage, LatencySummary> {
  return Object.fromEntries(STAGES.map((stage) => [stage, latencies[stage].summary()])) as Record<
    Stage,
    LatencySummary
  >;
}
