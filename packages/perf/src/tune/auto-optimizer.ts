import type { Clock } from "../clock.ts";
import { InvalidInputError, inRange, integerInRange, PitlaneError } from "../errors.ts";
import type { Random } from "../random.ts";
import type { AuditEntry, AuditEvent, AuditTrail } from "./audit.ts";
import { type Decision, decide, type Pair, type TrialPlan } from "./decide.ts";
import type { Guard } from "./guard.ts";
import { checkKnob, type Knob, snap } from "./knob.ts";
import type { Objective } from "./objective.ts";
import { type KnobSearch, propose } from "./search.ts";
import { applyEntry, FRESH, type TuneState } from "./state.ts";
import { measureWindow, reasonOf, type WindowOptions } from "./window.ts";

export interface AutoOptimizerOptions {
  readonly knobs: readonly Knob[];
  readonly objective: Objective;
  /** Checked every `guardPollMs` during a window, and after it. */
  readonly guards?: readonly Guard[];
  /** A trial is in it before it begins, each pair and each outcome as it is known. */
  readonly audit: AuditTrail;
  /** Entries of an earlier run: the optimizer goes on where they end. */
  readonly history?: readonly AuditEntry[];
  readonly clock: Pick<Clock, "nowUs" | "sleep">;
  /** Tosses the coin that the test rests on. */
  readonly random: Pick<Random, "next">;
  /** Smallest gain worth a change, as a part of the figure in force; 0 to 1, 0.01 unless told. */
  readonly minGain?: number;
  /** Chance that a whole campaign takes any change that does nothing; above 0 to 0.5, 0.02 unless told. Trials share it. */
  readonly alpha?: number;
  /** Pairs of windows after which a trial is judged, ascending; 12, 24 and 48 unless told. */
  readonly looks?: readonly number[];
  /** Most trials in a campaign; 1 to 1,000, 24 for each knob unless told. */
  readonly maxTrials?: number;
  /** Time for the program to settle after a switch, before its window; ms, 0 to 3,600,000, 1,000 unless told. */
  readonly settleMs?: number;
  /** How long a knob rests after a trial; ms, 0 to 86,400,000, 10,000 unless told. Ten times as long after a guard tripped. */
  readonly coolDownMs?: number;
  /** Windows in which a value just kept must not trip a guard; 0 to 1,000, 3 unless told. */
  readonly probationWindows?: number;
  /** How often guards are checked within a window; ms, 1 to 3,600,000, 100 unless told. */
  readonly guardPollMs?: number;
}

/** A change that proved better; `gain` is a part of the figure before, 0.1 for 10 %. */
export interface Kept {
  readonly knob: string;
  readonly from: number;
  readonly to: number;
  readonly gain: number;
}

/** What a campaign came to. */
export interface TuneReport {
  readonly campaign: number;
  readonly trials: number;
  /** Changes kept to the end, in order. */
  readonly kept: readonly Kept[];
  /** The values in force, by knob. */
  readonly values: Readonly<Record<string, number>>;
  /** "converged" when no knob has a better neighbour, "trials-spent" at `maxTrials`. */
  readonly reason: "converged" | "trials-spent";
}

/** A knob could not be put back: the program runs with a value nobody chose. The optimizer has stopped. */
export class RollbackError extends PitlaneError {
  readonly code = "ROLLBACK_FAILED";
  readonly retryable = false;
}

/** The objective gave no finite number under the values in force, or threw. */
export class ObjectiveError extends PitlaneError {
  readonly code = "OBJECTIVE_FAILED";
  readonly retryable = true;
}

/** A guard tripped before the change was tried: no verdict on the change. */
class IncumbentTripped extends Error {}

const BOTH = ["incumbent", "candidate"] as const;

/**
 * Tunes knobs of a running program toward an objective, one change at a time, and keeps a change only when its gain is real.
 *
 * A trial compares the value in force with a neighbour in pairs of windows whose order a coin decides (see `decide` for the test
 * and why it holds on autocorrelated samples). The value in force comes back at once when a guard trips, the objective or `set`
 * fails, or the signal aborts. A campaign ends when no neighbour is better, or its trials are spent; the chance that it keeps any
 * change of knobs that do nothing is at most `alpha`. A trial is in the audit trail before it begins; given that trail as
 * `history`, an optimizer in a new process puts back a value whose trial was cut off and goes on.
 *
 * It changes what runs: choose bounds that are safe to run at, guards for what must not break.
 *
 * @example
 * const optimizer = new AutoOptimizer({ knobs: [batchSize], objective: p99, guards: [errorRate], audit, clock, random });
 * const { kept, values } = await optimizer.run(signal);
 */
export class AutoOptimizer {
  readonly #knobs: readonly Knob[];
  readonly #window: WindowOptions;
  readonly #audit: AuditTrail;
  readonly #clock: Pick<Clock, "nowUs" | "sleep">;
  readonly #random: Pick<Random, "next">;
  readonly #plan: TrialPlan;
  readonly #maxTrials: number;
  readonly #coolDownMs: number;
  readonly #probationWindows: number;
  #state: TuneState;
  #isRunning = false;
  readonly #restUntilUs = new Map<string, number>();

  /** @throws {InvalidInputError} When an option or a knob is out of range, or two knobs have one name. */
  constructor(options: AutoOptimizerOptions) {
    const { knobs, looks = [12, 24, 48] } = options;
    if (knobs.length === 0) throw new InvalidInputError("knobs must have at least one knob");
    for (const [i, knob] of knobs.entries()) {
      checkKnob(knob);
      if (knobs.findIndex(({ name }) => name === knob.name) !== i)
        throw new InvalidInputError(`two knobs are called "${knob.name}": the audit trail could not tell them apart`);
    }
    for (const [i, look] of looks.entries()) integerInRange(`looks[${i}]`, look, (looks[i - 1] ?? 0) + 1, 1000);
    integerInRange("looks.length", looks.length, 1, 20);
    this.#knobs = knobs;
    this.#window = {
      objective: options.objective,
      guards: options.guards ?? [],
      clock: options.clock,
      settleMs: inRange("settleMs", options.settleMs ?? 1000, 0, 3_600_000),
      guardPollMs: inRange("guardPollMs", options.guardPollMs ?? 100, 1, 3_600_000),
    };
    this.#audit = options.audit;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#maxTrials = integerInRange("maxTrials", options.maxTrials ?? 24 * knobs.length, 1, 1000);
    const alpha = inRange("alpha", options.alpha ?? 0.02, 1e-9, 0.5);
    this.#plan = {
      goal: options.objective.goal,
      minGain: inRange("minGain", options.minGain ?? 0.01, 0, 1),
      alpha: alpha / this.#maxTrials,
      looks,
    };
    this.#coolDownMs = inRange("coolDownMs", options.coolDownMs ?? 10_000, 0, 86_400_000);
    this.#probationWindows = integerInRange("probationWindows", options.probationWindows ?? 3, 0, 1000);
    this.#state = (options.history ?? []).reduce(applyEntry, FRESH);
    for (const [knob, atUs] of Object.entries(this.#state.decidedAtUs))
      this.#restUntilUs.set(knob, atUs + this.#coolDownMs * 1000);
    const lastPair = looks.at(-1) as number;
    if (2 ** -lastPair > this.#plan.alpha / looks.length)
      throw new InvalidInputError(
        `looks end at ${lastPair} pairs, too few to ever keep a change at alpha ${alpha} over ${this.#maxTrials} trials: raise looks or alpha, or lower maxTrials`,
      );
  }

  /**
   * Runs one campaign to its end, or what is left of the one that `history` broke off in.
   *
   * @throws {ObjectiveError} When the objective fails under the values in force.
   * @throws {RollbackError} When a knob cannot be put back.
   * @throws The signal's reason when it aborts: the values in force are back by then.
   */
  async run(signal: AbortSignal = new AbortController().signal): Promise<TuneReport> {
    if (this.#isRunning) throw new InvalidInputError("this optimizer is running already: one run at a time");
    this.#isRunning = true;
    try {
      signal.throwIfAborted();
      if (this.#state.isOver) this.#begin();
      else await this.#restore();
      const kept: Kept[] = [];
      const reason = await this.#search(kept, signal);
      this.#write({ event: "end", campaign: this.#state.campaign, reason });
      const { campaign, trialsOfCampaign: trials } = this.#state;
      return { campaign, trials, kept, values: this.#values(), reason };
    } finally {
      this.#isRunning = false;
    }
  }

  #begin(): void {
    const values = Object.fromEntries(this.#knobs.map((knob) => [knob.name, knob.get()]));
    this.#write({ event: "campaign", campaign: this.#state.campaign + 1, values });
  }

  /** After a restart: what the trail says is in force is put in force, whatever the program began with. */
  async #restore(): Promise<void> {
    const { open } = this.#state;
    if (open !== undefined) {
      const { knob, from, to } = open;
      this.#write({ event: "rolled-back", knob, from: to, to: from, reason: "the run ended during the trial" });
    }
    let isSame = true; // a knob the trail does not know, or with other bounds, makes it another campaign
    for (const knob of this.#knobs) {
      const value = this.#state.searches[knob.name]?.value;
      if (value !== undefined) await this.#set(knob, snap(knob, value));
      isSame &&= value !== undefined && snap(knob, value) === value;
    }
    if (!isSame) this.#begin();
  }

  async #search(kept: Kept[], signal: AbortSignal): Promise<TuneReport["reason"]> {
    for (let turn = 0; ; turn++) {
      if (this.#state.trialsOfCampaign >= this.#maxTrials) return "trials-spent";
      const next = this.#nextTrial(turn);
      if (next === undefined) return "converged";
      const waitMs = ((this.#restUntilUs.get(next.knob.name) ?? 0) - this.#clock.nowUs()) / 1000;
      if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
      const result = await this.#trial(next.knob, next.search, next.to, signal);
      if (result !== undefined) kept.push(result);
    }
  }

  /** The knob that has rested longest, in turns among equals, with what to try on it; undefined when none has anything left. */
  #nextTrial(turn: number): { knob: Knob; search: KnobSearch; to: number } | undefined {
    let chosen: { knob: Knob; search: KnobSearch; to: number } | undefined;
    let chosenUs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#knobs.length; i++) {
      const knob = this.#knobs[(turn + i) % this.#knobs.length] as Knob;
      const search = this.#state.searches[knob.name];
      const proposal = search === undefined ? undefined : propose(knob, search);
      const readyUs = this.#restUntilUs.get(knob.name) ?? 0;
      if (proposal === undefined || readyUs >= chosenUs) continue;
      chosen = { knob, ...proposal };
      chosenUs = readyUs;
    }
    return chosen;
  }

  async #trial(knob: Knob, search: KnobSearch, to: number, signal: AbortSignal): Promise<Kept | undefined> {
    const from = search.value;
    const about = { trial: this.#state.trials + 1, knob: knob.name, from, to };
    this.#write({ event: "trial", ...about, search });
    try {
      const pairs: Pair[] = [];
      for (;;) {
        const first = this.#random.next() < 0.5 ? "incumbent" : "candidate";
        const pair = await this.#measurePair(knob, from, to, first, signal);
        if ("refused" in pair) {
          await this.#set(knob, from);
          this.#write({ event: "rejected", ...about, pairs: pairs.length, p: null, gain: null, reason: pair.refused });
          return undefined;
        }
        pairs.push(pair);
        this.#write({ event: "pair", trial: about.trial, ...pair, first });
        const decision = decide(pairs, this.#plan);
        if (decision.verdict !== "continue") return await this.#conclude(knob, about, pairs.length, decision, signal);
      }
    } catch (error) {
      if (this.#state.open === undefined) throw error;
      await this.#set(knob, from);
      this.#write({ event: "rolled-back", knob: knob.name, from: to, to: from, reason: String(error) });
      if (!(error instanceof IncumbentTripped)) throw error;
      return undefined;
    }
  }

  /** Two windows, in the coin's order; or why the candidate is refused without a test. */
  async #measurePair(
    knob: Knob,
    from: number,
    to: number,
    first: "incumbent" | "candidate",
    signal: AbortSignal,
  ): Promise<Pair | { readonly refused: string }> {
    const pair = { incumbent: 0, candidate: 0 };
    for (const side of first === "incumbent" ? BOTH : BOTH.toReversed()) {
      const result = await measureWindow(knob, side === "incumbent" ? from : to, this.#window, signal);
      if ("figure" in result) {
        pair[side] = result.figure;
        continue;
      }
      this.#rest(knob, "trip" in result ? 10 : 1);
      if (side === "candidate") return { refused: reasonOf(result) };
      // Not the candidate's doing: its trial is given up, and may be made again.
      if ("trip" in result) throw new IncumbentTripped(`${reasonOf(result)} under the value in force`);
      throw new ObjectiveError(`${reasonOf(result)}, under ${knob.name} = ${from}`, { cause: result.error });
    }
    return pair;
  }

  async #conclude(
    knob: Knob,
    about: { trial: number; knob: string; from: number; to: number },
    pairs: number,
    { verdict, p, gain }: Decision,
    signal: AbortSignal,
  ): Promise<Kept | undefined> {
    const { from, to } = about;
    this.#rest(knob, 1);
    if (verdict !== "keep") {
      await this.#set(knob, from);
      const reason = gain <= 0 ? "no gain" : "the gain is not certain";
      this.#write({ event: "rejected", ...about, pairs, p, gain, reason });
      return undefined;
    }
    await this.#set(knob, to);
    this.#write({ event: "kept", ...about, pairs, p, gain, reason: "the gain is real" });
    for (let i = 0; i < this.#probationWindows; i++) {
      const result = await measureWindow(knob, to, this.#window, signal);
      if ("figure" in result) continue;
      await this.#set(knob, from);
      this.#rest(knob, 10);
      this.#write({
        event: "rolled-back",
        knob: knob.name,
        from: to,
        to: from,
        reason: `${reasonOf(result)} on probation`,
      });
      return undefined;
    }
    return { knob: knob.name, from, to, gain };
  }

  async #set(knob: Knob, value: number): Promise<void> {
    try {
      await knob.set(value);
    } catch (error) {
      throw new RollbackError(`knob "${knob.name}" could not be set to ${value}: set it by hand`, { cause: error });
    }
  }

  #rest(knob: Knob, times: number): void {
    this.#restUntilUs.set(knob.name, this.#clock.nowUs() + this.#coolDownMs * 1000 * times);
  }

  #values(): Record<string, number> {
    return Object.fromEntries(this.#knobs.map(({ name }) => [name, this.#state.searches[name]?.value as number]));
  }

  #write(event: AuditEvent): void {
    const entry = { atUs: this.#clock.nowUs(), ...event };
    this.#audit.append(entry);
    this.#state = applyEntry(this.#state, entry);
  }
}
