import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, beforeAll, expect, test } from "vitest";
import { CALM_FLAGS } from "../../src/cli/calm-gc.ts";

const folder = mkdtempSync(join(tmpdir(), "pitlane-launch-"));
const running: ChildProcess[] = [];

// Says what it is once it listens, and ends as it is told to, or by a signal, or when its parent has gone.
const PROGRAM = `
  import { launchCalm } from "./launch.mjs";
  const args = process.argv.slice(2);
  const launched = await launchCalm(process.argv[1], args);
  if (launched !== undefined) process.exitCode = launched;
  else {
    const code = args.find((arg) => arg.startsWith("--code="))?.slice(7);
    if (code !== undefined) process.exitCode = Number(code);
    else if (args.includes("--echo")) process.stdin.on("data", (data) => { process.stdout.write("got " + data); process.exit(0); });
    else {
      const keep = setInterval(() => {
        if (String(process.ppid) === process.env.PITLANE_LAUNCHER_PID) return;
        process.stdout.write("alone", () => process.exit(0));
        clearInterval(keep);
      }, 20);
      process.on("SIGTERM", () => process.stdout.write("told to stop", () => process.exit(3)));
    }
    console.log(JSON.stringify({ flags: process.execArgv, args, launcher: process.env.PITLANE_LAUNCHER_PID, parent: process.ppid }));
  }`;

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL("../../src/cli/launch.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: join(folder, "launch.mjs"),
  });
  writeFileSync(join(folder, "program.mjs"), PROGRAM);
});

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

function launch(...args: string[]) {
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: "" };
  delete env["PITLANE_LAUNCHER_PID"];
  const child = spawn(process.execPath, [join(folder, "program.mjs"), ...args], { env, stdio: "pipe" });
  running.push(child);
  let out = "";
  child.stdout.on("data", (data: Buffer) => {
    out += data.toString();
  });
  return {
    child,
    out: () => out,
    said: async () => {
      while (!out.includes("\n")) await once(child.stdout, "data");
      return JSON.parse(out.slice(0, out.indexOf("\n"))) as {
        readonly flags: readonly string[];
        readonly args: readonly string[];
        readonly launcher: string | undefined;
        readonly parent: number;
      };
    },
  };
}

test("a command that trades runs in a process with calm flags, with its arguments, and its exit code is ours", async () => {
  const { child, said } = launch("start", "--code=4");
  const ended = once(child, "close");
  expect(await said()).toMatchObject({ flags: CALM_FLAGS, args: ["start", "--code=4"], launcher: String(child.pid) });
  expect(await ended).toEqual([4, null]);
});

test("another command stays in this process", async () => {
  const { child, said } = launch("journal", "--code=2");
  const ended = once(child, "close");
  expect(await said()).toMatchObject({ flags: [], parent: process.pid });
  expect(await ended).toEqual([2, null]);
});

test("its terminal is ours", async () => {
  const { child, said, out } = launch("run", "--echo");
  await said();
  const ended = once(child, "close");
  child.stdin.write("line\n");
  expect(await ended).toEqual([0, null]);
  expect(out()).toContain("got line");
});

test("a signal is passed on, and it is waited for", async () => {
  const { child, said, out } = launch("start");
  await said();
  const ended = once(child, "close");
  child.kill("SIGTERM");
  expect(await ended).toEqual([3, null]);
  expect(out()).toContain("told to stop");
});

test("killed outright, it leaves nobody behind", async () => {
  const { child, said, out } = launch("start");
  await said();
  child.kill("SIGKILL");
  await once(child, "close"); // of the pipe that the other one has too: it has ended
  expect(out()).toContain("alone");
});
