export { type Clock, createSystemClock } from "./clock.ts";
export { InvalidInputError, inRange, integerInRange, PitlaneError } from "./errors.ts";
export { createRandom, type Random } from "./random.ts";
