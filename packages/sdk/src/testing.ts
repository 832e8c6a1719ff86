export { conformance } from "./conformance/conformance.ts";
export { ConformanceError } from "./conformance/expect.ts";
export type {
  ConformanceCheck,
  ConformanceOptions,
  Misbehaviour,
  Rig,
  RigWrite,
  StreamListener,
} from "./conformance/rig.ts";
