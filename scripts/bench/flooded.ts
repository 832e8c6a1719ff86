import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Case } from "./suite.ts";

export type FloodKind = "depth" | "trade";

/** A client under test: connects to what `flood.mjs` serves, and tells the sequence of the last message it has worked off. */
export type FloodedClient = (
  urls: { readonly rest: string; readonly stream: string },
  onSequence: (sequence: number) => void,
) => Promise<{ readonly close: () => unknown }>;

const WARM_MS = 1_500;
const MEASURED_MS = 2_500;

/**
 * CPU time of this process for each message of a flood, in microseconds; user and system time of all threads, so the reading of the
 * socket is in it. The feed has a process of its own.
 *
 * @param program Of `flood.mjs`.
 */
export function flooded(program: URL, kind: FloodKind, client: FloodedClient): Case {
  return {
    value: async () => {
      const feed = fork(program, [kind]);
      try {
        return await measure(feed, client);
      } finally {
        feed.kill();
      }
    },
  };
}

async function measure(feed: ChildProcess, client: FloodedClient): Promise<number> {
  const [port] = (await once(feed, "message")) as [number];
  let last = 0;
  const opened = await client({ rest: `http://127.0.0.1:${port}`, stream: `ws://127.0.0.1:${port}` }, (sequence) => {
    last = sequence;
  });
  const givenUpAt = performance.now() + 10_000;
  while (last === 0) {
    if (performance.now() > givenUpAt) throw new Error("the client brought no message within 10 s");
    await sleep(20);
  }
  feed.send("go");
  await sleep(WARM_MS);
  const before = last;
  const start = process.cpuUsage();
  await sleep(MEASURED_MS);
  const { user, system } = process.cpuUsage(start);
  const messages = last - before;
  await opened.close();
  if (messages < 1_000) throw new Error(`only ${messages} messages came`);
  return (user + system) / messages;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
