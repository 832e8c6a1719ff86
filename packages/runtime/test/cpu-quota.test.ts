import { expect, test } from "vitest";
import { cpuQuota, readSystemText, usableCores } from "../src/cpu-quota.ts";

/** A system with these files. */
const of = (files: Readonly<Record<string, string>>) => cpuQuota((path) => files[path]);

test("without control groups there is no quota", () => {
  expect(of({})).toBe(Number.POSITIVE_INFINITY);
  expect(of({ "/proc/self/cgroup": "0::/\n" })).toBe(Number.POSITIVE_INFINITY);
});

test("version 2: the least of a group and those above it", () => {
  const files = {
    "/proc/self/cgroup": "0::/system.slice/pitlane.service\n",
    "/sys/fs/cgroup/system.slice/pitlane.service/cpu.max": "max 100000\n",
    "/sys/fs/cgroup/system.slice/cpu.max": "150000 100000\n",
  };
  expect(of(files)).toBe(1.5);
  expect(of({ ...files, "/sys/fs/cgroup/system.slice/pitlane.service/cpu.max": "50000 100000\n" })).toBe(0.5);
});

test("version 2: a container sees its own group as the root", () => {
  expect(of({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "400000 100000\n" })).toBe(4);
});

test("version 1: the quota over its period, and -1 is none", () => {
  const files = (quota: string) => ({
    "/proc/self/cgroup": "5:memory:/x\n4:cpu,cpuacct:/docker/a\n",
    "/sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us": `${quota}\n`,
    "/sys/fs/cgroup/cpu/docker/a/cpu.cfs_period_us": "100000\n",
  });
  expect(of(files("200000"))).toBe(2);
  expect(of(files("-1"))).toBe(Number.POSITIVE_INFINITY);
});

test("what is no quota is none", () => {
  for (const text of ["", "garbage", "0 0", "100000", "max"])
    expect(of({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": text })).toBe(Number.POSITIVE_INFINITY);
});

test("of this process", () => {
  expect(usableCores()).toBeGreaterThan(0);
  expect(readSystemText("/no/such/file")).toBeUndefined();
});
