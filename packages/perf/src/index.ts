export { type Clock, createSystemClock } from "./clock.ts";
export {
  bernoulli,
  choice,
  gamma,
  logNormal,
  pareto,
  poisson,
  shuffle,
  studentT,
  type UniformSource,
  uniform,
  weightedChoice,
} from "./distributions.ts";
export { InvalidInputError, inRange, integerInRange, PitlaneError } from "./errors.ts";
export { nearestName } from "./nearest-name.ts";
export { createRandom, type Random } from "./random.ts";
