import * as v from "valibot";

/** A whole number within bounds, as settings describe one. */
export const whole = (min: number, max: number, unit: string, description: string) =>
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(min),
    v.maxValue(max),
    v.description(description),
    v.metadata({ unit, min, max }),
  );

/** A measure that need not be whole. */
export const amount = (min: number, max: number, unit: string, description: string) =>
  v.pipe(v.number(), v.minValue(min), v.maxValue(max), v.description(description), v.metadata({ unit, min, max }));

export const choice = <const Options extends readonly string[]>(options: Options, description: string) =>
  v.pipe(v.picklist(options), v.description(description));

export const flag = (description: string) => v.pipe(v.boolean(), v.description(description));
