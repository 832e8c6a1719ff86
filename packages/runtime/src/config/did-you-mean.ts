import { nearestName } from "@pitlane/perf";

/** " (did you mean X?)", or nothing. Pure. */
export function didYouMean(written: string, names: readonly string[]): string {
  const name = nearestName(written, names);
  return name === undefined ? "" : ` (did you mean ${name}?)`;
}
