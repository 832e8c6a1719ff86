#!/usr/bin/env node
// What `npm start`, `npm test`, `npm run bench`, `npm run screenshots`, `npm run matrix` and `npm run crashtest` run: Node built-ins only, so that it works in a fresh clone.
import { nodeProblem } from "./lib/node-version.mjs";

const problem = nodeProblem(process.versions.node);
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
} else {
  // Loaded only now: on an older Node their syntax could fail before the line above is printed.
  const { boot } = await import("./lib/boot.mjs");
  process.exitCode = await boot(process.argv.slice(2));
}
