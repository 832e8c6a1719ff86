import { dirname } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import type { Profiler } from "@pitlane/perf/monitor";
import type { Knob } from "@pitlane/perf/tune";
import type { Instrument } from "@pitlane/sdk";
import type { AlertDesk } from "../alerts/desk.ts";
import type { Core } from "../core/core.ts";
import type { Inputs } from "../core/inputs.ts";
import type { DataEngine } from "../engines/data.ts";
import type { Journal } from "../journal/journal.ts";
import { nameOf } from "../plugins/entry.ts";
import type { Fault } from "../report.ts";
import type { Runtime, RuntimeOptions } from "../runtime-types.ts";
import { VERSION } from "../version.ts";
import type { LogLines } from "./log-lines.ts";
import { toMarketView } from "./market-view.ts";
import type { ObservedSession, OperatorActions, SampleFeed } from "./observer.ts";
import type { TradeListeners } from "./trade-listeners.ts";

/** What of a session its observers see. */
export interface ObservedParts {
  readonly options: RuntimeOptions;
  readonly startedAtUs: number;
  readonly instruments: readonly Instrument[];
  readonly session: Pick<Runtime, "setTradingState" | "flatten">;
  readonly core: Core;
  readonly inputs: Pick<Inputs, "control">;
  readonly data: Pick<DataEngine, "book">;
  readonly journal: Pick<Journal, "append" | "path">;
  readonly samples: SampleFeed;
  readonly alerts: AlertDesk;
  readonly lines: LogLines;
  readonly trades: TradeListeners;
  readonly faults: () => readonly Fault[];
  readonly knobs: () => readonly Knob[];
  /** Writes into the run's folder. */
  readonly profiler: Profiler;
  readonly log: (source: string, message: string) => void;
  /** Told of what an operator does, besides the journal. */
  readonly onOperator: (action: string, detail: Readonly<Record<string, unknown>>, by: string) => void;
}

/** The session for its observers: reads go to its parts, and what an operator does becomes rows of the journal. */
export function observeSession(parts: ObservedParts): ObservedSession {
  const { options, instruments, core, data, journal, samples, alerts, lines, trades, startedAtUs } = parts;
  const { run, mode, plugins, clock, config } = options;
  const byId = new Map(instruments.map((instrument) => [instrument.id, instrument]));
  return {
    run: {
      id: run.id,
      mode,
      startedAtUs,
      strategies: plugins.map(nameOf),
      version: VERSION,
      node: process.version,
      pid: process.pid,
    },
    folder: dirname(journal.path),
    journalPath: journal.path,
    config,
    instruments,
    get bootTree() {
      return core.plugins.bootTree;
    },
    clock,
    samples,
    alerts,
    get trading() {
      return core.trading;
    },
    actions: operatorActions(parts),
    market(instrumentId, levels) {
      const instrument = byId.get(instrumentId);
      if (instrument === undefined) return undefined;
      const book = data.book(instrument);
      const quote = core.market.quote(core.indexOf(instrument));
      return toMarketView({ instrument, book, quote, position: core.portfolio.position(instrument) }, levels);
    },
    onTrade: (instrumentId, listener) => trades.add(instrumentId, listener),
    openOrders: () => core.execution.openOrders(),
    faults: parts.faults,
    knobs: parts.knobs,
    logLines: () => lines.list(),
    onLog: (listener) => lines.onLine(listener),
    log: parts.log,
    redact: (text) => options.redact?.(text) ?? text,
  };
}

function operatorActions({ session, core, inputs, journal, profiler, onOperator }: ObservedParts): OperatorActions {
  const note: OperatorActions["note"] = (action, detail, by) => {
    journal.append("operator", { action, ...detail, by });
    onOperator(action, detail, by);
  };
  const control = (kind: "pause" | "resume", plugin: string, by: string) => {
    const { names } = core.plugins;
    if (!names.includes(plugin))
      throw new InvalidInputError(`there is no plugin ${plugin}; there are ${names.join(", ")}`);
    note(kind, { plugin }, by);
    inputs.control({ kind, plugin, by });
  };
  return {
    setTradingState(state, reason, by) {
      note("setTradingState", { state, reason }, by);
      session.setTradingState(state, reason, by);
    },
    flatten(reason, by) {
      note("flatten", { reason }, by);
      return session.flatten(reason, by);
    },
    pause: (plugin, by) => control("pause", plugin, by),
    resume: (plugin, by) => control("resume", plugin, by),
    async profile(kind, durationMs, by, signal) {
      note("profile", { kind, durationMs }, by);
      if (kind === "heap") return profiler.heapSnapshot(signal);
      return kind === "cpu" ? profiler.cpu({ durationMs }, signal) : profiler.allocations({ durationMs }, signal);
    },
    note,
  };
}
