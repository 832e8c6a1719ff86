import { readFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { allowedCores, createCpuPinner } from "../../src/monitor/index.ts";

const pinner = createCpuPinner();
const [core = 0] = pinner.allowedCores;
await pinner.pinThread([core]);
const now = allowedCores(readFileSync("/proc/thread-self/status", "utf8"));
parentPort?.postMessage({ allowed: pinner.allowedCores, now });
