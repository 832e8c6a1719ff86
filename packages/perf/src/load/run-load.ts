import type { Clock } from "../clock.ts";
import { inRange, integerInRange } from "../errors.ts";
import type { Random } from "../random.ts";
import { type LoadPattern, level, type Segment, toPhases } from "./pattern.ts";
import type { PhaseResult } from "./recorder.ts";
import { driftOf, hasFailed, highestPassingOf, type LoadReport, recoveryOf } from "./report.ts";
import { type LoadTarget, runPhase } from "./run-phase.ts";

export interface LoadOptions {
  readonly pattern: LoadPattern;
  /** The light load before and after, by which the target is judged to have recovered: 10 a second for 5,000 ms unless told. */
  readonly probe?: { readonly perSecond: number; readonly durationMs: number };
  /** Calls at a time, 1 to 1e6; 1,000 unless told. A call that is due beyond it is counted as dropped, never started late. */
  readonly maxInFlight?: number;
  /** How long calls are waited for after each phase, in milliseconds; 1 to 3,600,000, 10,000 unless told. */
  readonly drainMs?: number;
  /** Parts of the load phase to report one by one, 1 to 10,000; 10 unless told. Steps are not cut further. */
  readonly slices?: number;
  /** Read at the end of each part: memory, queue lengths. */
  readonly gauges?: () => Readonly<Record<string, number>>;
  readonly clock: Clock;
  /** Given, arrivals are random as those of independent users (Poisson); left out, they are even. */
  readonly random?: Pick<Random, "exponential">;
}

/**
 * Puts a load on `target` and reports how it did before, under and after it.
 *
 * An open model: when calls start is fixed beforehand and does not depend on how earlier calls do. Latency counts from the
 * intended start, so a target that stalls for a second shows that second in every call that was due in it (no coordinated
 * omission), whether the call could start or not. `service` and `lateness` tell the target's share and the generator's.
 *
 * Calls are started by a timer of 1 ms, several in one wake above 1,000 a second; expect a `lateness` of up to 1 to 2 ms.
 * Aborting the signal is the way to end a long run early: the report then has what was measured until then.
 *
 * @throws {InvalidInputError} When an option is out of range; nothing was called then.
 * @example
 * const report = await runLoad((i, signal) => client.ping(i, signal), {
 *   pattern: { kind: "ramp", fromPerSecond: 100, toPerSecond: 2_000, durationMs: 30_000 },
 *   clock: createSystemClock(),
 * });
 * console.log(toTable(report));
 */
export async function runLoad(target: LoadTarget, options: LoadOptions, signal?: AbortSignal): Promise<LoadReport> {
  const { pattern, clock, random, gauges = () => ({}), probe = { perSecond: 10, durationMs: 5000 } } = options;
  const maxInFlight = integerInRange("maxInFlight", options.maxInFlight ?? 1000, 1, 1e6);
  const drainMs = inRange("drainMs", options.drainMs ?? 10_000, 1, 3_600_000);
  const slices = integerInRange("slices", options.slices ?? 10, 1, 10_000);
  const light = [level("probe.perSecond", probe.perSecond, "probe.durationMs", probe.durationMs)];
  const loads = toPhases(pattern);
  const phaseOptions = { maxInFlight, drainMs, gauges, clock, random };

  const startedAtUs = clock.nowUs();
  const phases: PhaseResult[] = [];
  const run = async (name: PhaseResult["name"], segments: readonly Segment[], parts: number): Promise<void> => {
    if (signal?.aborted) return;
    const firstIndex = phases.reduce((count, { started }) => count + started, 0);
    phases.push(await runPhase(target, { name, segments, slices: parts, firstIndex }, phaseOptions, signal));
  };

  await run("baseline", light, 0);
  for (const segments of loads) {
    await run("load", segments, pattern.kind === "step-until-failure" ? 0 : slices);
    if (hasFailed(phases, pattern)) break;
  }
  await run("after", light, 0);
  return {
    pattern,
    arrivals: random === undefined ? "even" : "poisson",
    maxInFlight,
    startedAtUs,
    wasStopped: signal?.aborted === true,
    phases,
    recovery: recoveryOf(phases),
    highestPassingPerSecond: highestPassingOf(phases, pattern),
    drift: driftOf(phases, pattern),
  };
}
