import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";

/** A TypeScript file beside the test as code that a worker thread runs: bundled from our sources, without a build. */
export async function bundleWorker(file: URL): Promise<URL> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(file)],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@pitlane/source"],
  });
  const text = outputFiles[0]?.text ?? "";
  return new URL(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
}

/** Starts a worker thread on what `bundleWorker` made; `workerData` reaches it as `node:worker_threads` gives it. */
export function startWorker(bundle: URL, workerData: unknown): Worker {
  return new Worker(bundle, { workerData });
}
