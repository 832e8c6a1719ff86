// A process of its own that writes a journal: `node --conditions=@pitlane/source writer-process.mjs create|resume PATH`.
// It prints "opened EVENTS", writes and commits one row a line of its input (a line of a number: so many), and prints "committed EVENTS".
// "leave" ends it without a close.
import { createInterface } from "node:readline";
import { createJiti } from "jiti";

const jiti = createJiti(import.meta.url, { moduleCache: true, fsCache: false });
const { createSystemClock } = await jiti.import("@pitlane/perf");
const { Journal } = await jiti.import("../../src/journal/journal.ts");

const [, , verb, path] = process.argv;
const say = (line) => process.stdout.write(`${line}\n`);
try {
  const journal = Journal[verb]({ path, clock: createSystemClock() });
  say(`opened ${journal.events}`);
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "leave") process.exit(0);
    for (let i = 0; i < Number(line); i++) journal.append("note", { number: journal.events });
    journal.commit();
    say(`committed ${journal.events}`);
  }
  journal.close();
} catch (error) {
  say(`refused ${JSON.stringify({ code: error.code, pid: error.pid, message: error.message })}`);
  process.exitCode = 1;
}
