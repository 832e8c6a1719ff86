import { buildWorker } from "../build-worker.ts";

/** Builds the program of plugins' worker threads. */
export function buildWorkerEntry(name: string): Promise<URL> {
  return buildWorker(name, "plugin-worker", "src/plugins/worker-thread.ts");
}
