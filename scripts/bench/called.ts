import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { WindowedCase } from "./suite.ts";

export interface CalledOptions {
  /**
   * Program of the server, CommonJS; it listens on a free port of 127.0.0.1, prints its number, and calls `stayAwake()` at every request.
   * A process of its own, so that its CPU time is not ours.
   */
  readonly server: string;
  /** Makes the call that is measured. @param origin Where the server is, `http://127.0.0.1:PORT`. */
  readonly make: (origin: string) => Promise<() => Promise<unknown>>;
  /** How many calls are under way at a time. */
  readonly callers: number;
  /** Calls in a window: enough for some collections of garbage. */
  readonly calls: number;
}

/**
 * Keeps the server's core from halting between calls. To wake a halted one costs the caller's write tens of microseconds of CPU time in a
 * virtual machine, and whether it has halted depends on microseconds: as much as all that a client does, now and then.
 */
const STAY_AWAKE = `
  let untilMs = 0;
  let isAwake = false;
  const watch = () => {
    isAwake = performance.now() < untilMs;
    if (isAwake) setImmediate(watch);
  };
  const stayAwake = () => {
    untilMs = performance.now() + 2;
    if (!isAwake) watch();
  };
`;

/** Calls before the first window, so that all of them are made by optimised code. */
const WARM_CALLS = 5_000;

/** CPU time of this process for one call, in microseconds. */
export function called({ server: program, make, callers, calls }: CalledOptions): WindowedCase {
  return {
    async open() {
      const server = spawn(process.execPath, ["-e", STAY_AWAKE + program], { stdio: ["ignore", "pipe", "inherit"] });
      const close = () => void server.kill();
      try {
        const call = await make(`http://127.0.0.1:${await portOf(server)}`);
        await run(call, callers, WARM_CALLS);
        return {
          async window() {
            const before = process.cpuUsage();
            await run(call, callers, calls);
            const { user, system } = process.cpuUsage(before);
            return (user + system) / calls;
          },
          close,
        };
      } catch (error) {
        close();
        throw error;
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
