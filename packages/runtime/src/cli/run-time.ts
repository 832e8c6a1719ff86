import { InvalidInputError } from "@pitlane/perf";

const FORMS =
  "a time such as 2026-01-31T12:00:00.5Z, a time from the start such as +12.5s or +3m, or microseconds since the epoch such as 1769860800000000us";
const UNIT_US: Readonly<Record<string, number>> = { ms: 1e3, s: 1e6, m: 60e6, h: 3_600e6 };

/**
 * A moment of a run, in microseconds since the epoch. Pure.
 *
 * @param startedAtUs When the run began. @throws {InvalidInputError} When the text is none of the forms.
 */
export function parseRunTime(flag: string, text: string, startedAtUs: number): number {
  const after = /^\+(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (after !== null) return startedAtUs + Math.round(Number(after[1]) * (UNIT_US[after[2]!] as number));
  const us = /^(\d{15,17})(?:us)?$/.exec(text);
  if (us !== null) return Number(us[1]);
  const iso = /^(\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  // The fraction apart: `Date` has no microseconds. Without a zone it is UTC, as all that is printed.
  const ms = iso === null ? Number.NaN : Date.parse(`${iso[1]}${iso[1]!.includes("T") ? (iso[3] ?? "Z") : ""}`);
  if (!Number.isNaN(ms)) return ms * 1000 + Number((iso?.[2] ?? "").padEnd(6, "0"));
  throw new InvalidInputError(`${flag} must be ${FORMS}; got "${text}"`);
}
