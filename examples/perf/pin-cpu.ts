// Starts a program on one core and reads back where it may run. Linux only; elsewhere it says so.
import { once } from "node:events";
import { CpuPinningUnsupportedError, createCpuPinner } from "@pitlane/perf/monitor";

try {
  const pinner = createCpuPinner();
  const core = pinner.allowedCores.at(-1) ?? 0;
  const child = pinner.spawn([core], "grep", ["Cpus_allowed_list", "/proc/self/status"], { stdio: "inherit" });
  await once(child, "exit");

  await pinner.pinThread([core]); // this thread, so that its caches stay warm
  console.log(`the event loop now runs on core ${core} of ${pinner.allowedCores.join(", ")}`);
} catch (error) {
  if (!(error instanceof CpuPinningUnsupportedError)) throw error;
  console.log(error.message);
}
