export type {
  BurstLoad,
  ConstantLoad,
  FailureCriterion,
  LoadPattern,
  RampLoad,
  SoakLoad,
  StepLoad,
} from "./pattern.ts";
export type { LoadSlice, PhaseResult } from "./recorder.ts";
export { type Drift, type LoadReport, toTable } from "./report.ts";
export { type LoadOptions, runLoad } from "./run-load.ts";
export type { LoadTarget } from "./run-phase.ts";
