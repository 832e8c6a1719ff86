import { type Check, failing, ok, warning } from "./check.ts";

/** What the checks of the host look at. */
export interface HostView {
  /** `process.version`. */
  readonly nodeVersion: string;
  /** `process.platform`. */
  readonly platform: string;
  /** Cores that this process may use. */
  readonly cores: number;
  /** Text of a file of the system; undefined when it is not there or may not be read. */
  readonly read: (path: string) => string | undefined;
}

const LEAST_FILES = 4_096;
const WANTED_FILES = 65_536;
const CPU = "/sys/devices/system/cpu";

interface KernelSetting {
  readonly name: string;
  /** One number, or several of which the last is a bound: for those it may be more. */
  readonly wanted: readonly number[];
  /** `least`: more is as good. `exact`: the value itself. */
  readonly rule: "least" | "exact";
  readonly effect: string;
}

/** Linux's settings for many busy sockets. `tcp_keepalive_*` counts where a socket asks for keep-alive and names no times of its own. */
const KERNEL_SETTINGS: readonly KernelSetting[] = [
  {
    name: "net.core.rmem_max",
    wanted: [134_217_728],
    rule: "least",
    effect: "lets a socket's receive buffer grow, so that a burst of market data is not held up",
  },
  {
    name: "net.core.wmem_max",
    wanted: [134_217_728],
    rule: "least",
    effect: "lets a socket's send buffer grow",
  },
  {
    name: "net.ipv4.tcp_rmem",
    wanted: [4096, 87_380, 134_217_728],
    rule: "least",
    effect: "least, first and largest receive buffer of a TCP connection, in bytes",
  },
  {
    name: "net.ipv4.tcp_wmem",
    wanted: [4096, 65_536, 134_217_728],
    rule: "least",
    effect: "least, first and largest send buffer of a TCP connection, in bytes",
  },
  {
    name: "net.ipv4.tcp_keepalive_time",
    wanted: [60],
    rule: "exact",
    effect: "seconds of silence before the first keep-alive probe: a dead connection is found in minutes, not hours",
  },
  {
    name: "net.ipv4.tcp_keepalive_intvl",
    wanted: [10],
    rule: "exact",
    effect: "seconds between two keep-alive probes",
  },
  {
    name: "net.ipv4.tcp_keepalive_probes",
    wanted: [6],
    rule: "exact",
    effect: "probes without an answer after which a connection is dead",
  },
];

/**
 * Looks at the machine: Node, cores, clock, open files, TCP settings. Pure but for `view.read`; what is Linux's is left out elsewhere.
 *
 * @example
 * checkHost(view).filter(({ status }) => status !== "ok");
 */
export function checkHost(view: HostView): readonly Check[] {
  const checks = [nodeCheck(view.nodeVersion), coresCheck(view.cores)];
  if (view.platform !== "linux") return checks;
  return [
    ...checks,
    ...governorCheck(view),
    isolatedCheck(view),
    clockCheck(view),
    filesCheck(view),
    ...KERNEL_SETTINGS.map((setting) => kernelCheck(view, setting)),
  ];
}

function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return ok("node", version);
  return failing("node", version, "Pitlane needs Node 20.19 or later: install it from https://nodejs.org");
}

function coresCheck(cores: number): Check {
  if (cores >= 2) return ok("cores", `${cores} cores`);
  return warning(
    "cores",
    `${cores} core`,
    "a second core keeps the kernel's network work, the collector and workers off the core that trades",
  );
}

function governorCheck({ read }: HostView): readonly Check[] {
  const governor = read(`${CPU}/cpu0/cpufreq/scaling_governor`)?.trim();
  if (governor === undefined) return [ok("cpu-governor", "the machine shows none, as virtual ones do")];
  if (governor === "performance") return [ok("cpu-governor", governor)];
  const command = "sudo cpupower frequency-set -g performance";
  return [warning("cpu-governor", governor, `${command}: keeps the clock up while a strategy waits for ticks`)];
}

function isolatedCheck({ read }: HostView): Check {
  const isolated = read(`${CPU}/isolated`)?.trim() ?? "";
  if (isolated !== "") return ok("isolated-cores", isolated);
  return ok("isolated-cores", "none; optional: isolcpus=N on the kernel's command line keeps other work off core N");
}

/** The kernel says in `/proc` nothing of its clock's discipline; those who set it leave these marks. */
function clockCheck({ read }: HostView): Check {
  const keepers = [
    ["/run/systemd/timesync/synchronized", "systemd-timesyncd"],
    ["/run/chrony/chronyd.pid", "chrony"],
    ["/run/ntpd.pid", "ntpd"],
  ] as const;
  const keeper = keepers.find(([path]) => read(path) !== undefined)?.[1];
  if (keeper !== undefined) return ok("clock-sync", keeper);
  return warning(
    "clock-sync",
    "no time service is seen here; a container's host may run one, and clock-offset shows what it does",
    "sudo timedatectl set-ntp true: a venue refuses orders whose timestamp is off by more than their window",
  );
}

function filesCheck({ read }: HostView): Check {
  const soft = /^Max open files\s+(\S+)/m.exec(read("/proc/self/limits") ?? "")?.[1];
  const limit = soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
  if (soft === undefined || Number.isNaN(limit)) return warning("open-files", "the limit cannot be read", "");
  const remedy = `ulimit -n ${WANTED_FILES}: each connection, journal and watched file takes one`;
  if (limit < LEAST_FILES) return failing("open-files", `${soft} at most`, remedy);
  return limit < WANTED_FILES ? warning("open-files", `${soft} at most`, remedy) : ok("open-files", `${soft} at most`);
}

function kernelCheck({ read }: HostView, { name, wanted, rule, effect }: KernelSetting): Check {
  const text = read(`/proc/sys/${name.replaceAll(".", "/")}`);
  const remedy = `sudo sysctl -w ${name}="${wanted.join(" ")}": ${effect}`;
  if (text === undefined) return warning(name, "cannot be read here; it may be the host's to set", remedy);
  const values = text.trim().split(/\s+/).map(Number);
  const isRight = wanted.every((least, index) => {
    const value = values[index] ?? Number.NaN;
    return rule === "exact" ? value === least : value >= least;
  });
  return isRight ? ok(name, values.join(" ")) : warning(name, values.join(" "), remedy);
}
