import { InvalidInputError, nearestName } from "@pitlane/perf";
import { checkObject } from "./checks.ts";

/** Each name there is: one that is added to the type and not here does not compile. */
export type Names<T> = Readonly<Record<keyof T, true>>;

/**
 * Refuses an option that nobody reads: a misspelt one would be without effect. One that is undefined is none.
 *
 * @param of Ends the sentence "there is no option X of ...".
 * @throws {InvalidInputError} Naming the option and the nearest one there is, or all.
 */
export function refuseUnknown<T>(of: string, options: object, known: Names<T>): void {
  checkObject("options", options);
  for (const [name, value] of Object.entries(options)) {
    if (Object.hasOwn(known, name) || value === undefined) continue;
    const names = Object.keys(known);
    const near = nearestName(name, names);
    const hint = near === undefined ? `; there are ${names.join(", ")}` : `: did you mean ${near}?`;
    throw new InvalidInputError(`there is no option ${name} of ${of}${hint}`);
  }
}
