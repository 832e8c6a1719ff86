import { dirname } from "node:path";
import { type Clock, createRandom } from "@pitlane/perf";
import { createProfiler } from "@pitlane/perf/monitor";
import { type Knob, knobOn } from "@pitlane/perf/tune";
import type { Instrument, MarketEvent } from "@pitlane/sdk";
import { SampledAlertDesk } from "../alerts/alert-desk.ts";
import { rulesOf } from "../alerts/configure.ts";
import { createSinks } from "../alerts/notify/create-sinks.ts";
import { Notifier } from "../alerts/notify/notifier.ts";
import type { AlertRule } from "../alerts/rules.ts";
import type { Core } from "../core/core.ts";
import type { Inputs } from "../core/inputs.ts";
import type { DataEngine } from "../engines/data.ts";
import type { TradingStatus } from "../engines/trading-state.ts";
import type { Journal } from "../journal/journal.ts";
import type { StageLatencies } from "../latency.ts";
import type { OrderGateway } from "../orders/gateway.ts";
import type { LogLevel } from "../plugins/define.ts";
import type { Fault } from "../report.ts";
import type { Runtime, RuntimeOptions } from "../runtime-types.ts";
import { startTuner } from "../tuning/session-tuner.ts";
import { alertLine, faultLine, operatorLine, toLogLine, tradingLine } from "./log-entries.ts";
import { type LogFile, type LogFileLine, openLogFile } from "./log-file.ts";
import { LogLines } from "./log-lines.ts";
import { watchNetwork } from "./network.ts";
import { Observation } from "./observation.ts";
import { observeSession } from "./observed-session.ts";
import type { ObservedSession } from "./observer.ts";
import { TradeListeners } from "./trade-listeners.ts";

/** How often a session writes what waits: knobs of its own, which no decision hangs on. */
export interface Pace {
  /** Orders' rows go into the journal so many at once, */
  commitRows: number;
  /** or when the oldest has waited so many milliseconds: they are safe before. */
  commitWithinMs: number;
}

/** The parts of a session once it is set up. */
export interface WatchedParts {
  readonly session: Pick<Runtime, "setTradingState" | "flatten">;
  readonly startedAtUs: number;
  readonly instruments: readonly Instrument[];
  readonly core: Core;
  readonly inputs: Inputs;
  readonly data: DataEngine;
  readonly gateway: Pick<OrderGateway, "queued" | "inFlight">;
  readonly journal: Journal;
  readonly latencies: StageLatencies;
  readonly pace: Pace;
  readonly faults: () => readonly Fault[];
}

/**
 * What stands beside a session and watches it: samples, alerts and who is told of them, the log file, the optimizer. The session itself tells it
 * what was said and what went wrong; it decides nothing.
 *
 *     session -> samples -> alerts -> sinks
 *        |          '-> observers (dashboard, exporters)
 *        '-> lines, faults -> log file
 */
export class SessionWatch {
  readonly observation: Observation;
  readonly #options: RuntimeOptions;
  readonly #clock: Clock;
  readonly #onFault: (source: string, message: string) => void;
  readonly #rules: readonly AlertRule[];
  readonly #lines: LogLines;
  readonly #trades: TradeListeners;
  #early: LogFileLine[] | undefined = []; // said before there was a file
  readonly #closers: (() => void | Promise<void>)[] = [];
  #file: LogFile | undefined;

  /**
   * @param onFault Something of what watches went wrong; the session goes on.
   * @throws {InvalidInputError} When the alerts of the settings make no sense.
   */
  constructor(options: RuntimeOptions, onFault: (source: string, message: string) => void) {
    const { clock, plugins, config } = options;
    this.#options = options;
    this.#rules = rulesOf(config.alerts, { laneCapacity: config.bus.capacity, orderQueue: config.execution.queue });
    this.#clock = clock;
    this.#onFault = onFault;
    this.observation = new Observation({
      clock,
      plugins: plugins.length,
      isOn: options.isSampled ?? true,
      onFault: (message) => onFault("samples", message),
    });
    this.#lines = new LogLines(
      () => clock.nowUs(),
      (error) => onFault("log", error.message),
    );
    this.#trades = new TradeListeners((error) => onFault("trades", error.message));
  }

  /** A line for people. */
  say(source: string, message: string, level: LogLevel = "info"): void {
    const text = this.#redact(message);
    this.#options.log(source, text);
    this.#lines.add(source, text);
    this.#write({ ...toLogLine({ atUs: this.#clock.nowUs(), source, message: text }), level });
  }

  /** Something that should not have happened; only the first time of a message. */
  fault(source: string, message: string): void {
    this.#options.log(source, message);
    this.#lines.add(source, message);
    this.#write(faultLine(source, message));
  }

  trading(status: TradingStatus): void {
    this.#write(tradingLine(status));
  }

  /** An event that the market stream brought. */
  market(event: MarketEvent): void {
    if (this.#trades.isUsed) this.#trades.tell(event);
  }

  /** Begins to watch, once the session is set up and its journal is open. */
  async begin(parts: WatchedParts): Promise<ObservedSession> {
    const { core, journal, data, gateway, latencies, instruments, faults } = parts;
    const { config, client } = this.#options;
    const network = watchNetwork(client, { note: (one) => this.observation.note(one), clock: this.#clock });
    this.#closers.push(() => network.close());
    await this.#openFile(dirname(journal.path));
    const samples = this.observation.begin({
      core,
      data,
      gateway,
      journal,
      latencies,
      instruments,
      config,
      faults: () => faults().length,
      isPaused: (plugin) => core.plugins.isPaused(core.plugins.names.indexOf(plugin)),
      network: () => network.figures(),
    });
    const desk = this.#openAlerts(journal);
    samples.onSample((sample) => desk.take(sample));
    const observed = observeSession({
      ...parts,
      options: this.#options,
      samples,
      alerts: desk,
      lines: this.#lines,
      trades: this.#trades,
      knobs: () => [...paceKnobs(parts.pace), ...core.plugins.knobs()],
      profiler: createProfiler({ folder: dirname(journal.path), clock: this.#clock }),
      log: (source, message) => this.say(source, message),
      onOperator: (action, detail, by) => this.#write(operatorLine(action, detail, by)),
    });
    if (config.optimizer.enabled) this.#tune(parts, observed);
    return observed;
  }

  /** Ends it all in reverse order: messages under way go out first, and the log file last. */
  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
    this.observation.close();
    await this.#file?.close();
    this.#file = undefined;
  }

  #openAlerts(journal: Journal): SampledAlertDesk {
    const { config, run, alertSinks = config.alerts.sinks } = this.#options;
    const onFault = (message: string) => this.#onFault("alerts", message);
    const desk = new SampledAlertDesk({
      rules: this.#rules,
      noDataMs: config.alerts.noDataMs,
      warmUpMs: config.alerts.warmUpMs,
      clock: this.#clock,
      onEntry: (entry) => {
        journal.append("alert", entry);
        this.#write(alertLine(entry.alert));
      },
      onFault,
    });
    const notifier = new Notifier({
      desk,
      sinks: createSinks(alertSinks, (line) => {
        this.#options.log("alerts", line);
        this.#lines.add("alerts", line);
      }),
      run: run.id,
      groupMs: config.alerts.groupMs,
      repeatMs: config.alerts.repeatMs,
      clock: this.#clock,
      random: createRandom(config.seed),
      onFault,
    });
    this.#closers.push(() => notifier.close());
    return desk;
  }

  #tune({ core, inputs, latencies, pace, journal }: WatchedParts, { samples }: ObservedSession): void {
    const { config } = this.#options;
    const viaInput = (knob: Knob): Knob => ({
      ...knob,
      // Resolves when the session has taken the input: what asked for that stands before this in the loop's queue.
      set: (value) => {
        const plugin = knob.name.slice(0, knob.name.indexOf("/"));
        inputs.control({ kind: "knob", plugin, knob: knob.name, value });
        return new Promise((resolve) => setImmediate(resolve));
      },
    });
    this.#closers.push(
      startTuner({
        settings: config.optimizer,
        knobs: [...paceKnobs(pace), ...core.plugins.knobs().map(viaInput)],
        histogram: latencies[config.optimizer.stage],
        latest: () => samples.latest,
        folder: dirname(journal.path),
        clock: this.#clock,
        random: createRandom(config.seed),
        onFault: (message) => this.#onFault("optimizer", message),
      }),
    );
  }

  async #openFile(folder: string): Promise<void> {
    const { config, run } = this.#options;
    if (config.log.file) {
      this.#file = await openLogFile({
        folder,
        runId: run.id,
        clock: this.#clock,
        redact: (text) => this.#redact(text),
        level: config.log.level,
        onFault: (message) => this.#options.log("log", message),
      });
      for (const line of this.#early ?? []) this.#file.write(line);
    }
    this.#early = undefined;
  }

  #write(line: LogFileLine): void {
    if (this.#file !== undefined) this.#file.write(line);
    else this.#early?.push({ atUs: this.#clock.nowUs(), ...line });
  }

  #redact(text: string): string {
    return this.#options.redact?.(text) ?? text;
  }
}

function paceKnobs(pace: Pace): readonly Knob[] {
  return [
    knobOn<"commitRows">(pace, "commitRows", { name: "runtime/commit-rows", min: 1, max: 256, step: 1, scale: "log" }),
    knobOn<"commitWithinMs">(pace, "commitWithinMs", {
      name: "runtime/commit-within-ms",
      min: 1,
      max: 50,
      step: 1,
      scale: "log",
    }),
  ];
}
