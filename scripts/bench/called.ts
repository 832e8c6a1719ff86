import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Case } from "./suite.ts";

export interface CalledOptions {
  /** Program of the server, CommonJS; it listens on a free port of 127.0.0.1 and prints its number. A process of its own, so that its CPU time is not ours. */
  readonly server: string;
  /** Makes the call that is measured. @param origin Where the server is, `http://127.0.0.1:PORT`. */
  readonly make: (origin: string) => Promise<() => Promise<unknown>>;
  /** How many calls are under way at a time. */
  readonly callers: number;
  /** Calls in a window: enough for some collections of garbage. */
  readonly calls: number;
  readonly windows: number;
}

/**
 * CPU time of this process for one call, in microseconds: the least of several windows, as whatever else runs on the machine only
 * ever adds to it.
 */
export function called({ server: program, make, callers, calls, windows }: CalledOptions): Case {
  return {
    value: async () => {
      const server = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
      try {
        const call = await make(`http://127.0.0.1:${await portOf(server)}`);
        await run(call, callers, 3 * calls);
        let leastUs = Number.POSITIVE_INFINITY;
        for (let window = 0; window < windows; window++) {
          const before = process.cpuUsage();
          await run(call, callers, calls);
          const { user, system } = process.cpuUsage(before);
          leastUs = Math.min(leastUs, (user + system) / calls);
        }
        return leastUs;
      } finally {
        server.kill();
      }
    },
  };
}

async function run(call: () => Promise<unknown>, callers: number, calls: number): Promise<void> {
  let left = calls;
  const one = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: callers }, one));
}

async function portOf(server: ChildProcess): Promise<number> {
  const [data] = (await once(server.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return Number(data.toString());
}
