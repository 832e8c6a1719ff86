import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import {
  allowedCores,
  CpuPinner,
  type CpuPinnerHost,
  CpuPinningError,
  CpuPinningUnsupportedError,
  checkCores,
  createCpuPinner,
  parseCoreList,
} from "../../src/monitor/index.ts";
import { bundleWorker, startWorker } from "../support/worker.ts";

const onLinux = test.skipIf(process.platform !== "linux"); // taskset and /proc are Linux's
const SLEEP = ["-e", "setInterval(() => {}, 1000)"];
const ended: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

test("reads lists of cores as the kernel writes them", () => {
  expect(parseCoreList("0")).toEqual([0]);
  expect(parseCoreList("0-3,8,10-11\n")).toEqual([0, 1, 2, 3, 8, 10, 11]);
  for (const text of ["", "a", "3-1", "1,", "-1", "1-2-3", "99999", "0-9999"])
    expect(() => parseCoreList(text)).toThrow(InvalidInputError);
});

test("reads any set of cores back from its list", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 1 }), (cores) => {
      expect(parseCoreList(cores.join(","))).toEqual([...cores].sort((a, b) => a - b));
    }),
  );
});

test("finds the allowed cores in a status and refuses a text without them", () => {
  expect(allowedCores("Name:\tnode\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\nMems_allowed:\t1\n")).toEqual([0, 1]);
  expect(() => allowedCores("Name:\tnode\n")).toThrow(InvalidInputError);
});

test("refuses no core, half a core and cores that are not allowed, naming them", () => {
  expect(() => checkCores([], [0, 1])).toThrow(InvalidInputError);
  expect(() => checkCores([0.5], [0, 1])).toThrow(InvalidInputError);
  expect(() => checkCores([1, 7, 9], [0, 1])).toThrow("cores 7, 9 are not among those this process may use: 0, 1");
});

test("on another system says which it is and what to do", () => {
  expect(() => new CpuPinner(fakeHost({ platform: "darwin" }).host)).toThrow(
    expect.objectContaining({ code: "CPU_PINNING_UNSUPPORTED", message: expect.stringMatching(/darwin.*without/) }),
  );
});

test("runs nothing when a core is not allowed or the signal has aborted", async () => {
  const { host, runs } = fakeHost({});
  const pinner = new CpuPinner(host);
  await expect(pinner.pinProcess(1, [4])).rejects.toThrow(InvalidInputError);
  await expect(pinner.pinProcess(0, [1])).rejects.toThrow(InvalidInputError);
  await expect(pinner.pinThread([-1])).rejects.toThrow(InvalidInputError);
  expect(() => pinner.spawn([4], "node")).toThrow(InvalidInputError);
  await expect(pinner.pinProcess(1, [1], AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  expect(runs).toEqual([]);
});

test("without taskset says which package has it", async () => {
  const missing = Object.assign(new Error("spawn taskset ENOENT"), { code: "ENOENT", path: "taskset" });
  const pinner = new CpuPinner(fakeHost({ runTaskset: () => Promise.reject(missing) }).host);
  const error = await pinner.pinProcess(1, [0]).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CpuPinningUnsupportedError);
  expect(error).toMatchObject({ message: expect.stringContaining("util-linux"), cause: missing });
});

onLinux("starts a program on the cores asked for", async () => {
  const pinner = createCpuPinner();
  const core = pinner.allowedCores.at(-1)!;
  const child = started(pinner.spawn([core], process.execPath, SLEEP, { stdio: "ignore" }));
  await once(child, "spawn");
  await untilPinned(child.pid!, [core]);
});

onLinux("moves every thread of a running process", async () => {
  const pinner = createCpuPinner();
  const core = pinner.allowedCores[0]!;
  const child = started(pinner.spawn(pinner.allowedCores, process.execPath, SLEEP, { stdio: "ignore" }));
  await once(child, "spawn");
  await untilStarted(child.pid!);
  await pinner.pinProcess(child.pid!, [core]);
  const threads = readdirSync(`/proc/${child.pid}/task`);
  await pinner.pinProcess(child.pid!, [core]); // those that were started meanwhile
  for (const thread of threads) expect(coresOf(`${child.pid}/task/${thread}`)).toEqual([core]);
});

onLinux("moves one worker and leaves the thread that started it", async () => {
  const before = coresOf("thread-self");
  const worker = startWorker(await bundleWorker(new URL("./pinned-worker.ts", import.meta.url)), undefined);
  ended.push(() => worker.terminate());
  const [{ allowed, now }] = await once(worker, "message");
  expect(now).toEqual([allowed[0]]);
  expect(coresOf("thread-self")).toEqual(before);
});

onLinux("a process that is gone is an error that says so", async () => {
  const pinner = createCpuPinner();
  const child = pinner.spawn(pinner.allowedCores, process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(child, "exit");
  const error = await pinner.pinProcess(child.pid!, pinner.allowedCores).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CpuPinningError);
  expect(String(error)).toContain("no such process");
});

onLinux("a program that is missing ends with exit code 127", async () => {
  const pinner = createCpuPinner();
  const child = pinner.spawn(pinner.allowedCores, "/no/such/program", [], { stdio: "ignore" });
  expect(await once(child, "exit")).toEqual([127, null]);
});

function fakeHost(overrides: Partial<CpuPinnerHost>) {
  const runs: (readonly string[])[] = [];
  const host: CpuPinnerHost = {
    platform: "linux",
    readStatus: () => "Cpus_allowed_list:\t0-3\n",
    readThreadLink: () => "10/task/11",
    runTaskset: async (args) => runs.push(args),
    spawnTaskset: (args) => {
      runs.push(args);
      throw new Error("not in this test");
    },
    ...overrides,
  };
  return { host, runs };
}

function started<T extends { kill: (signal: "SIGKILL") => unknown; exitCode: number | null }>(child: T): T {
  ended.push(async () => child.kill("SIGKILL"));
  return child;
}

function coresOf(task: string): number[] {
  return allowedCores(readFileSync(`/proc/${task}/status`, "utf8"));
}

// taskset pins itself and then becomes the program: the pid is there before the pin is, and before the program is.
async function untilStarted(pid: number): Promise<void> {
  await expect.poll(() => readlinkSync(`/proc/${pid}/exe`)).toBe(realpathSync(process.execPath));
}

async function untilPinned(pid: number, cores: readonly number[]): Promise<void> {
  await expect.poll(() => coresOf(String(pid))).toEqual(cores);
}
