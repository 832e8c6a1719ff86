import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import {
  createProfiler,
  Profiler,
  ProfilerBusyError,
  ProfilingError,
  toAllocationTree,
} from "../../src/monitor/index.ts";
import { ManualClock } from "../../src/testing.ts";

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

test("writes a CPU profile that names what was running, under a name with UTC time and pid", async () => {
  const { clock, folder, profiler } = await setUp();
  const profiling = profiler.cpu({ durationMs: 500, intervalUs: 100 });
  await untilSleeping(clock);
  findPrimesForTheProfile();
  clock.advance({ ms: 500 });
  const path = await profiling;
  expect(path).toBe(join(folder, `cpu-20260101T000000.000000Z-${process.pid}.cpuprofile`));
  const profile = JSON.parse(await readFile(path, "utf8"));
  const names = profile.nodes.map((node: { callFrame: { functionName: string } }) => node.callFrame.functionName);
  expect(names).toContain("findPrimesForTheProfile");
  expect(profile.samples.length).toBe(profile.timeDeltas.length);
  expect(await readdir(folder)).toHaveLength(1);
});

test("writes a heap snapshot that holds a live object", async () => {
  const { profiler } = await setUp();
  const kept = new KeptForTheSnapshot();
  const path = await profiler.heapSnapshot();
  const snapshot = JSON.parse(await readFile(path, "utf8"));
  expect(snapshot.strings).toContain("KeptForTheSnapshot");
  expect(snapshot.nodes.length).toBe(snapshot.snapshot.node_count * snapshot.snapshot.meta.node_fields.length);
  expect(kept.name).toBe("kept");
});

test("samples allocations that are still alive", async () => {
  const { clock, profiler } = await setUp();
  const profiling = profiler.allocations({ durationMs: 100, intervalBytes: 1_024 });
  await untilSleeping(clock);
  const kept = allocateForTheProfile();
  clock.advance({ ms: 100 });
  const { root } = toAllocationTree(JSON.parse(await readFile(await profiling, "utf8")));
  const all = [root];
  for (const frame of all) all.push(...frame.children);
  const mine = all.find(({ name }) => name === "allocateForTheProfile");
  expect(mine).toMatchObject({ kind: "app", place: expect.stringMatching(/profiler\.test\.ts/) });
  expect(mine!.total).toBeGreaterThan(100_000); // 10,000 objects of 28 bytes and more
  expect(root.total).toBeGreaterThanOrEqual(mine!.total);
  expect(kept.length).toBe(10_000);
});

test("one profile at a time, whoever asks; the next may follow when it has ended", async () => {
  const first = await setUp();
  const second = await setUp();
  const profiling = first.profiler.cpu({ durationMs: 100 });
  const error = await second.profiler.heapSnapshot().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProfilerBusyError);
  expect(error).toMatchObject({ code: "PROFILER_BUSY", retryable: true });
  await untilSleeping(first.clock);
  first.clock.advance({ ms: 100 });
  await profiling;
  await takeShortProfile(second);
});

test("an aborted profile rejects with the signal's reason, leaves no file and frees the place", async () => {
  const { clock, folder, profiler } = await setUp();
  for (const take of ["cpu", "allocations"] as const) {
    const stop = new AbortController();
    const profiling = profiler[take]({ durationMs: 60_000 }, stop.signal);
    await untilSleeping(clock);
    stop.abort(new Error("enough"));
    await expect(profiling).rejects.toThrow("enough");
    expect(clock.sleeping).toBe(0);
  }
  await expect(profiler.heapSnapshot(AbortSignal.abort(new Error("never")))).rejects.toThrow("never");
  expect(await readdir(folder)).toEqual([]);
  await takeShortProfile({ clock, profiler });
});

test("a folder that cannot be made is an error with its cause, and frees the place", async () => {
  const { clock, folder, profiler } = await setUp();
  await writeFile(join(folder, "file"), "");
  const blocked = createProfiler({ folder: join(folder, "file", "below"), clock });
  const error = await blocked.heapSnapshot().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProfilingError);
  expect(error).toMatchObject({ code: "PROFILING_FAILED", cause: { code: "ENOTDIR" } });
  await takeShortProfile({ clock, profiler });
});

test("a session that fails is an error with its cause, leaves no file and is disconnected", async () => {
  const { clock, folder } = await setUp();
  let isConnected = false;
  const failing = {
    connect: () => {
      isConnected = true;
    },
    disconnect: () => {
      isConnected = false;
    },
    on: () => failing,
    post: (_method: string, _params: object | undefined, done: (error: Error) => void) => done(new Error("refused")),
  };
  const profiler = new Profiler({ folder, clock }, () => failing as never);
  await expect(profiler.cpu({ durationMs: 10 })).rejects.toThrow(/cpu profile.*refused/);
  await expect(profiler.heapSnapshot()).rejects.toThrow(ProfilingError);
  expect(isConnected).toBe(false);
  expect(await readdir(folder)).toEqual([]);
});

test("refuses durations and intervals out of range before it starts", async () => {
  const { profiler, folder } = await setUp();
  const refused = [
    profiler.cpu({ durationMs: 0 }),
    profiler.cpu({ durationMs: 10, intervalUs: 49 }),
    profiler.cpu({ durationMs: 3_600_000, intervalUs: 50 }),
    profiler.allocations({ durationMs: Number.NaN }),
    profiler.allocations({ durationMs: 10, intervalBytes: 1 }),
  ];
  for (const taking of refused) await expect(taking).rejects.toThrow(InvalidInputError);
  expect(await readdir(folder)).toEqual([]);
});

class KeptForTheSnapshot {
  readonly name = "kept";
}

// Some tenths of a second: on a loaded machine V8's sampling thread itself waits for a core.
function findPrimesForTheProfile(): number {
  let found = 0;
  for (let n = 2; n < 1_000_000; n++) {
    let isPrime = true;
    for (let d = 2; isPrime && d * d <= n; d++) isPrime = n % d !== 0;
    if (isPrime) found++;
  }
  return found;
}

function allocateForTheProfile() {
  return Array.from({ length: 10_000 }, (_, i) => ({ i, text: `${i}` }));
}

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), "pitlane-profiler-"));
  folders.push(folder);
  const clock = new ManualClock();
  return { clock, folder, profiler: createProfiler({ folder, clock }) };
}

async function takeShortProfile({ clock, profiler }: { clock: ManualClock; profiler: Profiler }): Promise<void> {
  const profiling = profiler.allocations({ durationMs: 1 });
  await untilSleeping(clock);
  clock.advance({ ms: 1 });
  await profiling;
}

async function untilSleeping(clock: ManualClock): Promise<void> {
  await expect.poll(() => clock.sleeping, { interval: 1, timeout: 10_000 }).toBe(1);
}
