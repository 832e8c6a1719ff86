// `npm run crashtest -- --kills N --seed S [--faults] [--folder DIR] [--json FILE]`: exits with 1 when anything but the first two figures is not 0.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCrashTest } from "./crash-test.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    faults: { type: "boolean", default: false },
    folder: { type: "string" },
    json: { type: "string" },
  },
});
const kills = Number(values.kills);
const seed = Number(values.seed);
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed) || seed < 0) {
  process.stderr.write("--kills must be a whole number from 1, --seed one from 0\n");
  process.exit(2);
}
const folder = values.folder ?? mkdtempSync(join(tmpdir(), "pitlane-crash-"));
const log = (line: string) => process.stdout.write(`${line}\n`);
// Ended early it takes its exchange and its session with it.
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => stop.abort(new Error(`ended by ${name}; its journal is in ${folder}`)));
const result = await runCrashTest({ kills, seed, hasFaults: values.faults, folder, log, signal: stop.signal });
log(JSON.stringify(result));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
const { kills: _, accepted: __, ...faults } = result;
process.exitCode = Object.values(faults).every((count) => count === 0) ? 0 : 1;
