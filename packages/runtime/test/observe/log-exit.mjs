// A process of its own that writes 1,000 lines into a log file and ends at once: `node --conditions=@pitlane/source log-exit.mjs FOLDER`.
import { createJiti } from "jiti";

const jiti = createJiti(import.meta.url, { moduleCache: true, fsCache: false });
const { createSystemClock } = await jiti.import("@pitlane/perf");
const { openLogFile } = await jiti.import("../../src/observe/log-file.ts");

const log = await openLogFile({
  folder: process.argv[2],
  runId: "exit",
  clock: createSystemClock(),
  redact: (text) => text,
  onFault: (message) => process.stderr.write(message),
});
for (let i = 0; i < 1000; i++) log.write({ source: "test", message: `line ${i}` });
process.exit(3);
