import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What collects all garbage of this thread, now; it stops the program meanwhile. */
export function createCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void; // the flag is read when a context is made
}
