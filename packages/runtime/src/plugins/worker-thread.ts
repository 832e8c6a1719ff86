import { parentPort, workerData } from "node:worker_threads";
import * as perf from "@pitlane/perf";
import * as sdk from "@pitlane/sdk";
import * as valibot from "valibot";
import * as authoring from "./authoring.ts";
import { reasonOf } from "./errors.ts";
import { loadPluginsWith } from "./load-source.ts";
import { forbidNetwork } from "./worker-guard.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-protocol.ts";
import { WorkerSession } from "./worker-session.ts";

const BEAT_MS = 25;

/** The program of a plugin's worker thread. */
async function main(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("this module is the program of a worker thread and runs nowhere else");
  const start = workerData as WorkerStart;
  const say = (message: FromWorker) => port.postMessage(message);
  const session = new WorkerSession(start, perf.createSystemClock(), say);
  try {
    const modules = { pitlane: authoring, "@pitlane/perf": perf, "@pitlane/sdk": sdk, valibot };
    const plugins = await loadPluginsWith(start.source.from, { cwd: start.source.cwd }, modules);
    const plugin = plugins.find(({ name }) => name === start.plugin);
    if (plugin === undefined) throw new Error(`${start.source.from} has no plugin ${start.plugin} any more`);
    if (!start.mayUseNetwork) forbidNetwork(start.name);
    await session.open(plugin);
  } catch (error) {
    say({ type: "failed", reason: reasonOf(error) });
    return;
  }
  const beating = setInterval(() => session.beat(), BEAT_MS);
  const onMessage = (message: ToWorker) => {
    session.tellTimes();
    if (message.type === "snapshot") return session.snapshot();
    port.off("message", onMessage);
    void session.close().then(() => {
      clearInterval(beating);
      say({ type: "closed" });
    });
  };
  port.on("message", onMessage);
  await session.run();
}

void main(); // what it rejects with ends the thread; CommonJS, which this is built as too, has no await here
