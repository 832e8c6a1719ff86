import { type Clock, InvalidInputError } from "@pitlane/perf";
import type { SessionSample } from "../observe/sample.ts";
import type { AlertDesk } from "./desk.ts";
import { type Change, evaluate, type Moment, NO_DATA_MS, type Step, type Track, WARM_UP_MS } from "./evaluate.ts";
import type { Alert, AlertRule } from "./rules.ts";
import { type AlertSignal, signalNamed } from "./signals.ts";

/** What happened to an alert, as the journal keeps it in a row of kind `alert`. */
export interface AlertEntry {
  readonly change: Change | "acknowledged";
  /** As it is after that. */
  readonly alert: Alert;
}

export interface AlertDeskOptions {
  readonly rules: readonly AlertRule[];
  /** How long an alert stays raised while its signal has no value, milliseconds; default a minute. */
  readonly noDataMs?: number;
  /** Age of the session from which on its latencies are looked at, milliseconds; default a minute and a half. */
  readonly warmUpMs?: number;
  readonly clock: Pick<Clock, "nowUs">;
  /** Given each change before anybody else hears of it. */
  readonly onEntry: (entry: AlertEntry) => void;
  /** Told of what a listener throws; the others are told of the change all the same. */
  readonly onFault: (message: string) => void;
}

const MOST_RESOLVED = 100;
const MINUTE_MS = 60_000;
const WORST_FIRST = { critical: 0, warning: 1 } as const;

interface Watched {
  readonly rule: AlertRule;
  readonly signal: AlertSignal;
  /** By subject. */
  readonly tracks: Map<string, Track>;
}

/**
 * Looks at each sample of a session with its rules: `take` is to be given every one of them, in order.
 *
 *     sample -> signals -> (rule, subject) -> evaluate -> active, resolved -> journal, listeners
 *
 * It owns no timer: without samples nothing changes.
 *
 * @example
 * const desk = new SampledAlertDesk({ rules, clock, onEntry: (entry) => void journal.append("alert", entry), onFault });
 * const stop = samples.onSample((sample) => desk.take(sample));
 */
export class SampledAlertDesk implements AlertDesk {
  readonly rules: readonly AlertRule[];
  readonly #options: AlertDeskOptions;
  readonly #noDataMs: number;
  readonly #warmUpMs: number;
  readonly #watched: readonly Watched[];
  readonly #listeners = new Set<(alert: Alert) => void>();
  readonly #minute: SessionSample[] = []; // of the last minute and the one before them, oldest first
  #resolved: readonly Alert[] = [];

  /** @throws {InvalidInputError} When a rule names a signal that there is not. */
  constructor(options: AlertDeskOptions) {
    this.#options = options;
    this.#noDataMs = options.noDataMs ?? NO_DATA_MS;
    this.#warmUpMs = options.warmUpMs ?? WARM_UP_MS;
    this.rules = options.rules;
    this.#watched = options.rules.map((rule) => {
      const signal = signalNamed(rule.signal);
      if (signal === undefined)
        throw new InvalidInputError(`the rule ${rule.name} looks at ${rule.signal}, which is no signal`);
      return { rule, signal, tracks: new Map() };
    });
  }

  get active(): readonly Alert[] {
    const raised: Alert[] = [];
    for (const { tracks } of this.#watched)
      for (const { alert } of tracks.values()) if (alert !== undefined) raised.push(alert);
    return raised.sort(
      (a, b) =>
        WORST_FIRST[a.severity] - WORST_FIRST[b.severity] || b.raisedAtUs - a.raisedAtUs || (a.id < b.id ? -1 : 1),
    );
  }

  get resolved(): readonly Alert[] {
    return this.#resolved;
  }

  /** Looks at the next sample. */
  take(sample: SessionSample): void {
    const minuteAgo = this.#minuteBefore(sample);
    const at: Moment = { us: sample.atUs, ms: sample.uptimeMs };
    const isCold = sample.uptimeMs < this.#warmUpMs;
    for (const watched of this.#watched) {
      if (isCold && watched.signal.isColdAtFirst === true) continue;
      const silent = new Set(watched.tracks.keys());
      for (const { subject, value } of watched.signal.read(sample, minuteAgo)) {
        if (Number.isNaN(value)) continue; // no value either
        silent.delete(subject);
        this.#step(watched, subject, value, at);
      }
      for (const subject of silent) this.#step(watched, subject, undefined, at);
    }
  }

  acknowledge(id: string, by: string): boolean {
    for (const { tracks } of this.#watched) {
      for (const [subject, track] of tracks) {
        if (track.alert?.id !== id) continue;
        if (track.alert.acknowledgedBy !== null) return true; // the first one has been told of
        const alert: Alert = { ...track.alert, acknowledgedBy: by, changedAtUs: this.#options.clock.nowUs() };
        tracks.set(subject, { ...track, alert });
        this.#tell({ change: "acknowledged", alert });
        return true;
      }
    }
    return false;
  }

  onChange(listener: (alert: Alert) => void): () => void {
    const own = (alert: Alert) => listener(alert); // given twice, it is told twice, and each is ended on its own
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  #step({ rule, signal: { unit }, tracks }: Watched, subject: string, value: number | undefined, at: Moment): void {
    const before = tracks.get(subject);
    const step: Step = evaluate({ rule, unit, subject, before, value, at, noDataMs: this.#noDataMs });
    if (step.track === undefined) tracks.delete(subject);
    else tracks.set(subject, step.track);
    if (step.change === undefined || step.alert === undefined) return;
    if (step.change === "resolved") this.#resolved = [step.alert, ...this.#resolved.slice(0, MOST_RESOLVED - 1)];
    this.#tell({ change: step.change, alert: step.alert });
  }

  #tell(entry: AlertEntry): void {
    this.#options.onEntry(entry);
    for (const listener of [...this.#listeners]) {
      try {
        listener(entry.alert);
      } catch (error) {
        this.#options.onFault(`a listener of alerts threw: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  /** The newest sample that is a minute old or older; undefined in the first minute. */
  #minuteBefore(sample: SessionSample): SessionSample | undefined {
    const minute = this.#minute;
    const isOld = (one: SessionSample | undefined) => one !== undefined && sample.uptimeMs - one.uptimeMs >= MINUTE_MS;
    while (isOld(minute[1])) minute.shift();
    const before = isOld(minute[0]) ? minute[0] : undefined;
    minute.push(sample);
    return before;
  }
}
