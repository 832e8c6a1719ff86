import { randomInt } from "node:crypto";
import { dirname, join, relative, resolve } from "node:path";
import { openRecording, type Paper, type Recording } from "@pitlane/paper";
import { type Clock, createSystemClock, InvalidInputError } from "@pitlane/perf";
import { createProfiler } from "@pitlane/perf/monitor";
import { type BusyPoll, polls } from "../busy-poll.ts";
import type { VenuePlan } from "../config/venue-plan.ts";
import type { Config } from "../config.ts";
import { usableCores } from "../cpu-quota.ts";
import { RiskHaltError } from "../engines/trading-state.ts";
import { type Journal, JournalError } from "../journal/journal.ts";
import { watchKillSwitch } from "../kill-switch.ts";
import { lockResumed } from "../open-journal.ts";
import type { InstrumentRecord } from "../orders/records.ts";
import { formatBootTree } from "../plugins/boot-tree.ts";
import { nameOf } from "../plugins/entry.ts";
import type { PluginEntry } from "../plugins/host.ts";
import type { EndReason, RunMode } from "../report.ts";
import { createRunId, type RunId } from "../run-id.ts";
import { readStart } from "../run-record.ts";
import { openRuntime } from "../runtime.ts";
import type { Runtime } from "../runtime-types.ts";
import { VERSION } from "../version.ts";
import { scheduleArchive } from "./archive-schedule.ts";
import { calmFlagsIn } from "./calm-gc.ts";
import { exitCodeOfRun, RefusedInputError } from "./exit.ts";
import { checkWritable, writeJson } from "./json-file.ts";
import { loadChecked } from "./load-checked.ts";
import type { HaltSignal } from "./main.ts";
import { type ExchangeAddress, type OpenExchange, openExchange, venueOf } from "./open-exchange.ts";
import { openObservers, prepareObservers } from "./open-observers.ts";
import { colors, type Output } from "./output.ts";
import { withRunFiles } from "./run-files.ts";
import { statusLine } from "./status-line.ts";
import { summaryLines } from "./summary.ts";

/** A session as the command line asks for it, checked and in numbers. */
export interface SessionOptions {
  readonly config: Config;
  /** Those of `config` with their secrets in place: for plugins, observers and sinks alone, never to be shown or kept. */
  readonly withSecrets: Pick<Config, "strategies" | "observers" | "dashboard" | "alerts">;
  /** Where each strategy is in the list of the settings, when they are only some of it. */
  readonly strategyPlaces?: readonly number[] | undefined;
  readonly durationMs: number | undefined;
  /** Recorded session to run on instead of the market model; one session in parts when several. */
  readonly recordings: readonly string[];
  /** 0 for as fast as it goes, else times real time. */
  readonly speed: number;
  readonly jsonPath: string | undefined;
  readonly journalPath: string | undefined;
  /** Exchanges strategies as their files are saved. */
  readonly isWatched: boolean;
  /** Goes on with the run of `journalPath`. */
  readonly isResumed: boolean;
  /** Paper exchanges that run already; the embedded one is started when there is none. */
  readonly exchanges: readonly ExchangeAddress[];
  /** A real venue to trade at instead, its secrets in place. */
  readonly venue?: VenuePlan | undefined;
  readonly cwd: string;
  readonly output: Output;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  /** Ends the session when it is aborted; the reason is an `EndReason`. */
  readonly stop: AbortSignal;
  /** Listens for the signal that halts trading. */
  readonly onHaltSignal: HaltSignal | undefined;
}

const RECV_WINDOW_MS = 5000;
const PROFILE_MS = 60_000;
const FIRST_EVENT_CHECK_MS = 20;
const LIVE_EVERY_MS = 250;
const PLAIN_EVERY_MS = 2000;

/**
 * Runs strategies on an exchange, the embedded one or one of another process, until the duration, the recording or a signal ends it;
 * prints and writes the report.
 *
 * @returns The exit code.
 */
export async function runSession(options: SessionOptions): Promise<number> {
  const { config, recordings, output, cwd, isResumed } = options;
  const clock = createSystemClock();
  const jsonPath = options.jsonPath === undefined ? undefined : checkWritable(resolve(cwd, options.jsonPath));
  const plugins = await loadChecked(options.withSecrets.strategies, cwd, options.strategyPlaces);
  const { observers, lines } = await prepareObservers(options.withSecrets, cwd);
  const recording =
    recordings.length === 0 ? undefined : await openRecording(recordings.map((path) => resolve(cwd, path)));
  const { run, journalPath, resumed } = nameRun(options, clock);
  const exchange = await openExchange({
    config,
    addresses: options.exchanges,
    venue: options.venue,
    recording,
    speed: options.speed,
    recvWindowMs: RECV_WINDOW_MS,
    clock,
    output,
  }).catch((error: unknown) => {
    resumed?.close();
    throw error;
  });
  const haltSignal = hearEarly(options.onHaltSignal);
  try {
    announce(output, plugins, options.venue?.name ?? marketOf(exchange, recording));
    if (isResumed) output.line(`run      ${run.id} goes on`);
    for (const line of exchange.lines) output.line(line);
    showWhatRuns(output, recording, config.busyPoll);
    const runtime = await openRuntime({
      run,
      mode: modeOf(options.venue, recording),
      config,
      plugins,
      client: exchange.client,
      trading: exchange.trading,
      ...(recording === undefined ? {} : { streams: recording.streams }),
      journalPath,
      isResumed,
      ...(resumed === undefined ? {} : { resumed }),
      isWatched: options.isWatched,
      recvWindowMs: RECV_WINDOW_MS,
      clock,
      redact: options.redact,
      alertSinks: options.withSecrets.alerts.sinks,
      log: (source, message) => output.line(`${colors.cyan(source)}: ${message}`),
    });
    const stopKillSwitch = watchKillSwitch({
      runtime,
      folder: dirname(journalPath),
      onSignal: haltSignal.onSignal,
      onFault: (message) => output.line(colors.yellow(message)),
    });
    for (const line of lines) output.line(colors.dim(line));
    const closeObservers = await openObservers(withRunFiles(observers), runtime.observed, output).catch(
      async (error: unknown) => {
        stopKillSwitch();
        await runtime.close("failed");
        throw error;
      },
    );
    if (config.debug) for (const line of formatBootTree(runtime.bootTree, VERSION).split("\n")) output.line(line);
    const profile = config.profiling ? profileInto(dirname(journalPath), options, clock) : undefined;
    const stopArchive = scheduleArchive({
      runs: resolve(cwd, ".pitlane", "runs"),
      retention: config.journal.retention,
      clock,
      program: [process.execPath, ...process.argv.slice(1, 2)],
      utcOffsetMinutes: -new Date().getTimezoneOffset(),
      log: (line) => output.line(colors.yellow(line)),
    });
    const reason = await follow(runtime, exchange.paper, recording, options, clock).catch(async (error: unknown) => {
      stopKillSwitch();
      stopArchive();
      await closeObservers();
      await runtime.close("failed");
      throw error;
    });
    output.endStatus();
    stopKillSwitch();
    stopArchive();
    await profile?.();
    await closeObservers();
    const report = await runtime.close(reason);
    if (jsonPath !== undefined) writeJson(jsonPath, report);
    for (const line of summaryLines(report)) output.line(line);
    if (jsonPath !== undefined) output.line(`report   ${relative(cwd, jsonPath) || jsonPath}`);
    return exitCodeOfRun(report);
  } finally {
    output.endStatus();
    resumed?.close(); // where the session did not come to that
    await exchange.close();
    haltSignal.stop();
  }
}

/**
 * Hears the halt signal from now on: one that comes before the session can be halted halts it as soon as it can, and one that comes while it
 * closes does not end the process in the midst of that.
 */
function hearEarly(onSignal: HaltSignal | undefined): { readonly onSignal: HaltSignal; stop(): void } {
  let act: (() => void) | undefined;
  let isHeard = false;
  const stop = onSignal?.(() => {
    isHeard = true;
    act?.();
  });
  return {
    onSignal: (listener) => {
      act = listener;
      if (isHeard) listener();
      return () => {
        act = undefined;
      };
    },
    stop: () => stop?.(),
  };
}

/** Takes a CPU profile of the first minute; what it returns ends it, and gives up what is not whole by then. */
function profileInto(folder: string, { output }: SessionOptions, clock: Clock): () => Promise<void> {
  const stop = new AbortController();
  const done = createProfiler({ folder, clock })
    .cpu({ durationMs: PROFILE_MS }, stop.signal)
    .then(
      (path) => output.line(`profile  ${path}`),
      (error: unknown) => {
        if (!stop.signal.aborted) output.line(colors.yellow(`profile: ${(error as Error).message}`));
      },
    );
  return () => {
    stop.abort(new Error("the session has ended"));
    return done;
  };
}

interface NamedRun {
  readonly run: RunId;
  readonly journalPath: string;
  /** Its journal, of a run to go on with: locked before anything is asked of an exchange, since another session may be at it. */
  readonly resumed?: Journal | undefined;
}

/** A new run, or the one whose journal is to be gone on with. */
function nameRun(options: SessionOptions, clock: Clock): NamedRun {
  const { journalPath, cwd, isResumed } = options;
  if (isResumed && journalPath !== undefined) {
    try {
      return takeRun(resolve(cwd, journalPath), options, clock);
    } catch (error) {
      throw error instanceof JournalError ? new RefusedInputError(error) : error;
    }
  }
  const run = createRunId(clock.nowUs(), randomInt(2 ** 32) / 2 ** 32);
  return { run, journalPath: resolve(cwd, journalPath ?? join(".pitlane", "runs", run.id, "journal.db")) };
}

/** @throws {InvalidInputError} When it was somewhere else. @throws {JournalError} When its journal is in use, damaged or of another version. */
function takeRun(path: string, { venue, config }: SessionOptions, clock: Clock): NamedRun {
  const { id, key, mode, instruments } = readStart(path);
  const wasAt = isReal(mode) ? venueIn(instruments) : undefined;
  if (wasAt !== venue?.name)
    throw new InvalidInputError(
      `run ${id} was ${wasAt === undefined ? "not on a real venue" : `on ${wasAt}`}: go on with it there, ${wasAt === undefined ? "without --venue" : `--venue ${wasAt}`}`,
    );
  const resumed = lockResumed({ isResumed: true, journalPath: path, clock, config });
  return { run: { id, key }, journalPath: path, resumed };
}

/** Shows the session's status until something ends it, and says what. */
async function follow(
  runtime: Runtime,
  paper: Paper | undefined,
  recording: Recording | undefined,
  options: SessionOptions,
  clock: Clock,
): Promise<EndReason> {
  const { durationMs, output, stop } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([stop, ended.signal]);
  const waits: Promise<EndReason>[] = [aborted(stop), runtime.halted.then(haltReason)];
  if (durationMs !== undefined) waits.push(clock.sleep(durationMs, signal).then((): EndReason => "duration"));
  if (recording !== undefined && paper !== undefined)
    waits.push(replayAll(runtime, paper, recording, options.config.closeTimeoutMs, signal));
  const status = showStatus(runtime, output, clock);
  try {
    return await Promise.race(
      waits.map((wait) =>
        wait.catch((error: unknown) => (stop.aborted ? (stop.reason as EndReason) : Promise.reject(error))),
      ),
    );
  } finally {
    status.stop();
    ended.abort(new Error("the session has ended"));
  }
}

function haltReason(error: Error): EndReason {
  return error instanceof RiskHaltError ? "riskHalted" : "halted";
}

/** Plays a recording to its end, and waits for the books of its depth streams. */
async function replayAll(
  runtime: Runtime,
  paper: Paper,
  recording: Recording,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<EndReason> {
  await paper.replay(signal);
  const withDepth = new Set(
    recording.instruments
      .filter(({ streams }) => streams.some((stream) => /@depth(@\d+ms)?$/.test(stream)))
      .map(({ symbol }) => symbol),
  );
  await runtime.whenSynced(
    runtime.instruments.filter(({ venueSymbol }) => withDepth.has(venueSymbol)),
    timeoutMs,
  );
  return "recordingEnded";
}

function aborted(stop: AbortSignal): Promise<EndReason> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve(stop.reason as EndReason);
    else stop.addEventListener("abort", () => resolve(stop.reason as EndReason), { once: true });
  });
}

function showStatus(runtime: Runtime, output: Output, clock: Clock): { stop(): void } {
  const startedNs = clock.monotonicNs();
  let lastNs = startedNs;
  let lastEvents = 0;
  const show = () => {
    const nowNs = clock.monotonicNs();
    const status = runtime.status();
    const eventsPerSecond = ((status.events - lastEvents) / (nowNs - lastNs)) * 1e9;
    output.status(statusLine((nowNs - startedNs) / 1e6, eventsPerSecond, status));
    lastNs = nowNs;
    lastEvents = status.events;
  };
  const firstEvent = setInterval(() => {
    const { firstEventNs } = runtime.status();
    if (Number.isNaN(firstEventNs)) return;
    clearInterval(firstEvent);
    const sinceMs = (clock.monotonicNs() - firstEventNs) / 1e6;
    output.line(`market   first event ${Math.round(performance.now() - sinceMs)} ms after the program was started`);
  }, FIRST_EVENT_CHECK_MS);
  const timer = setInterval(show, output.isLive ? LIVE_EVERY_MS : PLAIN_EVERY_MS);
  return {
    stop: () => {
      clearInterval(firstEvent);
      clearInterval(timer);
    },
  };
}

function announce(output: Output, plugins: readonly PluginEntry[], where: string): void {
  output.line(`${colors.bold("pitlane")}  strategies ${plugins.map(nameOf).join(", ")} on ${where}`);
}

function marketOf({ lines, paper }: OpenExchange, recording: Recording | undefined): string {
  if (recording !== undefined) return `a recording of ${venueOf(recording)}`;
  if (paper !== undefined) return "the embedded paper exchange";
  return lines.length === 1 ? "a paper exchange" : `${lines.length} paper exchanges`;
}

function modeOf(venue: VenuePlan | undefined, recording: Recording | undefined): RunMode {
  if (venue !== undefined) return venue.isRealMoney ? "live" : "testnet";
  return recording === undefined ? "paper" : "recording";
}

function isReal(mode: RunMode): boolean {
  return mode === "live" || mode === "testnet";
}

function venueIn([first]: readonly InstrumentRecord[]): string | undefined {
  return first?.id.split(":")[0];
}

function showWhatRuns(output: Output, recording: Recording | undefined, busyPoll: BusyPoll): void {
  const flags = calmFlagsIn(process.execArgv);
  if (flags.length > 0) output.line(`gc       calm: ${flags.join(" ")} (--gc default leaves it to V8)`);
  if (busyPoll === "always") output.line("polling  busy: one core is never left idle");
  else if (polls(busyPoll, usableCores()))
    output.line("polling  no sleep while 800 market events a second come (--busy-poll never leaves it out)");
  if (recording !== undefined)
    output.line(
      `recording ${recording.frames} frames, ${recording.snapshots} snapshots, ${((recording.lastAtUs - recording.firstAtUs) / 1e6).toFixed(1)} s of ${recording.instruments.length} instruments`,
    );
}
