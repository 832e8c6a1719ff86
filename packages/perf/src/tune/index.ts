export { type AuditEntry, type AuditEvent, type AuditTrail, openAuditFile, parseAudit } from "./audit.ts";
export {
  AutoOptimizer,
  type AutoOptimizerOptions,
  type Kept,
  ObjectiveError,
  RollbackError,
  type TuneReport,
} from "./auto-optimizer.ts";
export { type Decision, decide, type Goal, type Pair, signedRankP, type TrialPlan } from "./decide.ts";
export type { Guard } from "./guard.ts";
export { type Knob, knobOn } from "./knob.ts";
export { type LatencyObjectiveOptions, latencyObjective, type Objective } from "./objective.ts";
export type { KnobSearch } from "./search.ts";
