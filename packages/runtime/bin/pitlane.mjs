#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`error: pitlane needs Node 20.19 or later, this is ${process.version}: install a newer Node\n`);
  process.exit(2);
}
const entry = new URL("../dist/cli.js", import.meta.url);
if (!existsSync(fileURLToPath(entry))) {
  process.stderr.write(
    "error: pitlane is not built yet: run `npm start` in the repository once, it installs and builds\n",
  );
  process.exit(2);
}
const args = process.argv.slice(2);
const { launchCalm } = await import(new URL("../dist/launch.js", import.meta.url).href);
const launched = await launchCalm(fileURLToPath(import.meta.url), args);
if (launched === undefined) {
  const { main } = await import(entry.href);
  process.exitCode = await main(args);
} else {
  process.exitCode = launched;
}
