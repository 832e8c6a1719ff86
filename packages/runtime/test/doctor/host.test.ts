import { describe, expect, test } from "vitest";
import { checkHost, type HostView } from "../../src/doctor/host.ts";

const TUNED: Readonly<Record<string, string>> = {
  "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n",
  "/sys/devices/system/cpu/isolated": "2-3\n",
  "/run/chrony/chronyd.pid": "812\n",
  "/proc/self/limits": "Limit  Soft Limit  Hard Limit  Units\nMax open files            1048576   1048576   files\n",
  "/proc/sys/net/core/rmem_max": "134217728\n",
  "/proc/sys/net/core/wmem_max": "268435456\n",
  "/proc/sys/net/ipv4/tcp_rmem": "4096\t131072\t134217728\n",
  "/proc/sys/net/ipv4/tcp_wmem": "4096\t65536\t134217728\n",
  "/proc/sys/net/ipv4/tcp_keepalive_time": "60\n",
  "/proc/sys/net/ipv4/tcp_keepalive_intvl": "10\n",
  "/proc/sys/net/ipv4/tcp_keepalive_probes": "6\n",
};

function view(files: Readonly<Record<string, string>>, more: Partial<HostView> = {}): HostView {
  return { nodeVersion: "v20.19.0", platform: "linux", cores: 4, read: (path) => files[path], ...more };
}

const found = (host: HostView, name: string) => checkHost(host).find((check) => check.name === name);

test("a machine that is tuned is all right, and nothing is to be done", () => {
  const checks = checkHost(view(TUNED));
  expect(checks.map(({ status }) => status)).toEqual(checks.map(() => "ok"));
  expect(checks.map(({ remedy }) => remedy).join("")).toBe("");
  expect(checks).toHaveLength(13);
});

describe("what is not right has the command that changes it", () => {
  test.each([
    ["net.core.rmem_max", { "/proc/sys/net/core/rmem_max": "212992" }, 'sudo sysctl -w net.core.rmem_max="134217728"'],
    [
      "net.ipv4.tcp_rmem",
      { "/proc/sys/net/ipv4/tcp_rmem": "4096 87380 6291456" },
      'sudo sysctl -w net.ipv4.tcp_rmem="4096 87380 134217728"',
    ],
    [
      "net.ipv4.tcp_keepalive_time",
      { "/proc/sys/net/ipv4/tcp_keepalive_time": "7200" },
      'sudo sysctl -w net.ipv4.tcp_keepalive_time="60"',
    ],
    [
      "cpu-governor",
      { "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave" },
      "sudo cpupower frequency-set -g performance",
    ],
  ])("%s", (name, files, remedy) => {
    const check = found(view({ ...TUNED, ...files }), name);
    expect(check?.status).toBe("warning");
    expect(check?.remedy).toContain(remedy);
  });
});

test.each([
  ["v20.18.3", "failing"],
  ["v20.19.0", "ok"],
  ["v18.20.0", "failing"],
  ["v22.1.0", "ok"],
])("Node %s is %s", (nodeVersion, status) => {
  expect(found(view(TUNED, { nodeVersion }), "node")?.status).toBe(status);
});

test.each([
  ["1024", "failing"],
  ["8192", "warning"],
  ["unlimited", "ok"],
])("%s open files at most is %s", (soft, status) => {
  const files = { ...TUNED, "/proc/self/limits": `Max open files            ${soft}   1048576   files\n` };
  expect(found(view(files), "open-files")?.status).toBe(status);
});

test("without files of the system nothing is claimed to be right that was not seen", () => {
  const checks = checkHost(view({}));
  for (const name of ["net.core.rmem_max", "clock-sync", "open-files"])
    expect(checks.find((check) => check.name === name)?.status).toBe("warning");
});

test("elsewhere than on Linux its settings are left out", () => {
  expect(checkHost(view({}, { platform: "darwin" })).map(({ name }) => name)).toEqual(["node", "cores"]);
});
