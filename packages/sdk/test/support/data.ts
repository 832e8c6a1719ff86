import { existsSync } from "node:fs";
import { join } from "node:path";

const folder = process.env["PITLANE_DATA"] ?? join(import.meta.dirname, "../../../../../shared/data");

/** Folder of the venue recordings; undefined where there is none. */
export const dataFolder: string | undefined = existsSync(join(folder, "expected.json")) ? folder : undefined;

/** Ends a test's name with the reason it is skipped for, when it is. */
export function needingData(name: string): string {
  return dataFolder === undefined ? `${name} (skipped: no recordings; set PITLANE_DATA)` : name;
}
