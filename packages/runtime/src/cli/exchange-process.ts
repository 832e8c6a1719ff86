import { spawn } from "node:child_process";

/** A paper exchange in a process of its own. */
export interface ExchangeProcess {
  /** Of its REST: `http://HOST:PORT`. */
  readonly url: string;
  /** Ends it; resolves when it has ended. */
  close(): Promise<void>;
}

const READY = /^REST +(http:\/\/[^/\s]+)/m;

/**
 * Starts `pitlane exchange`, so that its memory is not the caller's.
 *
 * @param program Command line that starts this program. @param flags Of the command.
 * @throws {Error} When it ends before it is ready, with its own words.
 */
export async function startExchange(
  program: readonly [string, ...string[]],
  flags: readonly string[],
): Promise<ExchangeProcess> {
  const [command, ...args] = program;
  const child = spawn(command, [...args, "exchange", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", PITLANE_LAUNCHER_PID: String(process.pid) }, // it ends when we are killed
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    const onData = (data: Buffer) => {
      said = (said + data.toString()).slice(-20_000);
      const found = READY.exec(said)?.[1];
      if (found === undefined || !said.includes("faults, ledger")) return;
      child.stdout.off("data", onData);
      child.stdout.resume(); // what it says later is read, and not kept
      resolve(found);
    };
    child.stdout.on("data", onData);
    child.stderr.on("data", (data: Buffer) => {
      said = (said + data.toString()).slice(-20_000);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the exchange ended with code ${code}: ${said.trim()}`)));
  });
  return {
    url,
    close: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
