import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { ancestors, hasLostAncestor } from "../lib/ancestors.mjs";
import { runTool, supervise } from "../lib/supervise.mjs";

const HERE = { cwd: process.cwd(), env: process.env };
const LIB = new URL("../lib/supervise.mjs", import.meta.url).href;

/** A program that says when it runs and which signal ended it. */
const PROGRAM = `
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => { console.log("got " + signal); process.exit(7); });
  setInterval(() => {}, 1000);
  console.log("ready");
`;
const supervisor = (program: string) => `
  import { supervise } from ${JSON.stringify(LIB)};
  const { code } = await supervise(process.execPath, ["-e", ${JSON.stringify(program)}], { cwd: process.cwd(), env: process.env });
  process.exitCode = code;
`;
const node = (script: string) => [process.execPath, "--input-type=module", "-e", script] as const;

/** Starts a program and gives its output so far; `closed` resolves when everything that could write to it has ended. */
function start([command, ...args]: readonly [string, ...string[]]) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  const ready = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      output += chunk;
      if (output.includes("ready")) resolve();
    });
  });
  return { child, ready, closed: codeOf(child), output: () => output };
}

async function codeOf(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, "close");
  return code;
}

/** As a shell word. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

test("passes on the program's exit code and, when quiet, everything it printed", async () => {
  const finished = await supervise("sh", ["-c", "echo out; echo err >&2; exit 5"], { ...HERE, quiet: true });
  expect(finished).toEqual({ code: 5, output: expect.stringMatching(/out/), stoppedBy: undefined });
  expect(finished.output).toContain("err");
});

test("a program ended by a signal has the code that shells give it", async () => {
  expect((await supervise("sh", ["-c", "kill -TERM $$"], { ...HERE, quiet: true })).code).toBe(143);
});

test("leaves no listener behind", async () => {
  const before = process.listenerCount("SIGTERM");
  await supervise("true", [], { ...HERE, quiet: true });
  expect(process.listenerCount("SIGTERM")).toBe(before);
});

test("says which program could not be started", async () => {
  await expect(supervise("no-such-program", [], HERE)).rejects.toThrow("no-such-program could not be started");
  expect(await runTool("no-such-program", [], HERE)).toMatchObject({
    code: 127,
    output: expect.stringContaining("no-such-program"),
  });
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "forwards %s and waits for the program to close",
  async (signal) => {
    const { child, ready, closed, output } = start(node(supervisor(PROGRAM)));
    await ready;
    child.kill(signal);
    expect(await closed).toBe(7);
    expect(output()).toContain(`got ${signal}`);
  },
);

test("takes the program along when its parent dies without a word", async () => {
  const { child, ready, closed, output } = start([
    "sh",
    "-c",
    `${node(supervisor(PROGRAM)).map(quoted).join(" ")} & wait`,
  ]);
  await ready;
  child.kill("SIGKILL");
  await closed;
  expect(output()).toContain("got SIGTERM");
});

test.skipIf(process.platform !== "linux")(
  "takes the program along when npm is killed outright and its shell lives on (skipped where there is no /proc)",
  async () => {
    // As npm runs a script: npm, a shell, the script. The last command keeps the shell from becoming the script.
    const line = `${node(supervisor(PROGRAM)).map(quoted).join(" ")}; true`;
    const npm = `
      import { spawn } from "node:child_process";
      process.title = "npm start";
      spawn("sh", ["-c", ${JSON.stringify(line)}], { stdio: "inherit" });
    `;
    const { child, ready, closed, output } = start(node(npm));
    await ready;
    child.kill("SIGKILL");
    await closed;
    expect(output()).toContain("got SIGTERM");
  },
);

test("knows the processes up to npm, and only its parent when npm is not among them", () => {
  const processes = new Map([
    [process.ppid, { name: "sh", parent: 20 }],
    [20, { name: "npm start", parent: 30 }],
    [30, { name: "bash", parent: 1 }],
  ]);
  expect(ancestors((pid) => processes.get(pid))).toEqual([process.ppid, 20]);
  processes.set(20, { name: "bash", parent: 30 });
  expect(ancestors((pid) => processes.get(pid))).toEqual([process.ppid]);
  expect(ancestors(() => undefined)).toEqual([process.ppid]);
});

test("notices at every level that somebody has gone", () => {
  const alive = (pid: number) => (pid === process.ppid ? { name: "sh", parent: 20 } : undefined);
  expect(hasLostAncestor([process.ppid, 20], alive)).toBe(false);
  expect(hasLostAncestor([process.ppid, 20], () => ({ name: "sh", parent: 1 }))).toBe(true);
  expect(hasLostAncestor([process.ppid, 20], () => undefined)).toBe(true);
  expect(hasLostAncestor([process.ppid + 1], alive)).toBe(true);
});
