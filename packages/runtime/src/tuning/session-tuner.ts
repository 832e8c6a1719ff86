import { join } from "node:path";
import { type Clock, InvalidInputError } from "@pitlane/perf";
import type { LatencyHistogram } from "@pitlane/perf/metrics";
import {
  AutoOptimizer,
  type Guard,
  type Knob,
  type Objective,
  ObjectiveError,
  openAuditFile,
} from "@pitlane/perf/tune";
import type { Config } from "../config.ts";
import type { SessionSample } from "../observe/sample.ts";
import { percentileBetweenNs } from "./between.ts";

/** What an optimizer of a session did, in the run's folder: an audit trail, which a resumed run goes on with. */
export const OPTIMIZER_FILE = "optimizer.jsonl";

export interface SessionTunerOptions {
  readonly settings: Config["optimizer"];
  /** Of the runtime and of its plugins. */
  readonly knobs: readonly Knob[];
  /** The session's own, of the stage that `settings` names: read only. */
  readonly histogram: Pick<LatencyHistogram, "buckets">;
  /** For the guards; undefined before the first second is over. */
  readonly latest: () => SessionSample | undefined;
  /** The run's. */
  readonly folder: string;
  readonly clock: Pick<Clock, "nowUs" | "sleep">;
  /** Tosses the coins that the test rests on; no decision of a strategy hangs on it. */
  readonly random: { readonly next: () => number };
  readonly onFault: (message: string) => void;
}

const REST_MS = 600_000; // between two campaigns

/**
 * Tunes a session's knobs while it trades, toward a latency percentile of one stage, and stops at once where errors or memory pass their
 * guard. Knobs of plugins are set by inputs of the session, so that a replay sets them at the same places.
 *
 * Where nothing was recorded in a window it waits for load. @returns Ends it: a value on trial is put back.
 */
export function startTuner(options: SessionTunerOptions): () => Promise<void> {
  const { knobs, folder, clock, random, settings, onFault } = options;
  const stop = new AbortController();
  const audit = openAuditFile(join(folder, OPTIMIZER_FILE));
  const optimizer = new AutoOptimizer({
    knobs,
    objective: objectiveOf(options),
    guards: guardsOf(options),
    audit,
    history: audit.history,
    clock,
    random,
  });
  const running = campaigns();
  return async () => {
    stop.abort(new Error("the session is closing"));
    await running;
    audit.close();
  };

  async function campaigns(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await optimizer.run(stop.signal);
        await clock.sleep(REST_MS, stop.signal);
      } catch (error) {
        if (stop.signal.aborted) return;
        if (!(error instanceof ObjectiveError))
          return onFault(`the optimizer has stopped: ${(error as Error).message}`);
        await clock.sleep(settings.windowMs, stop.signal).catch(() => {}); // no load yet; the loop ends when it is aborted
      }
    }
  }
}

function objectiveOf({ settings, histogram, clock }: SessionTunerOptions): Objective {
  const { stage, percentile, windowMs } = settings;
  return {
    name: `p${percentile} of ${stage}`,
    goal: "min",
    async measure(signal) {
      const before = histogram.buckets();
      await clock.sleep(windowMs, signal);
      const ns = percentileBetweenNs(before, histogram.buckets(), percentile);
      if (ns === undefined) throw new InvalidInputError(`nothing was recorded in ${windowMs} ms: is there load?`);
      return ns;
    },
  };
}

function guardsOf({ settings, latest }: SessionTunerOptions): readonly Guard[] {
  return [
    { name: "order errors", max: settings.maxErrorRatio, read: () => latest()?.flow.errorRatio ?? 0 },
    { name: "RSS in MiB", max: settings.maxRssMb, read: () => (latest()?.process.memory.rssBytes ?? 0) / 2 ** 20 },
  ];
}
