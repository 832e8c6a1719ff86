import { randomInt } from "node:crypto";
import { join, relative, resolve } from "node:path";
import { createPaper, openRecording, type Paper, type Recording } from "@pitlane/paper";
import { type Clock, createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import type { Config } from "../config.ts";
import type { Plugin } from "../plugins/define.ts";
import { loadPlugins } from "../plugins/load.ts";
import type { EndReason } from "../report.ts";
import { createRunId } from "../run-id.ts";
import { openRuntime } from "../runtime.ts";
import type { Runtime } from "../runtime-types.ts";
import { EXIT } from "./exit.ts";
import { checkWritable, writeJson } from "./json-file.ts";
import { colors, type Output } from "./output.ts";
import { statusLine } from "./status-line.ts";
import { summaryLines } from "./summary.ts";

/** A session as the command line asks for it, checked and in numbers. */
export interface SessionOptions {
  readonly config: Config;
  readonly durationMs: number | undefined;
  /** Recorded session to run on instead of the market model; one session in parts when several. */
  readonly recordings: readonly string[];
  /** 0 for as fast as it goes, else times real time. */
  readonly speed: number;
  readonly jsonPath: string | undefined;
  readonly journalPath: string | undefined;
  readonly cwd: string;
  readonly output: Output;
  /** Ends the session when it is aborted; the reason is an `EndReason`. */
  readonly stop: AbortSignal;
}

const RECV_WINDOW_MS = 5000;
const SNAPSHOT_WAIT_MS = 600_000;
const FIRST_EVENT_CHECK_MS = 20;
const LIVE_EVERY_MS = 250;
const PLAIN_EVERY_MS = 2000;

/**
 * Runs strategies against the embedded paper exchange until the duration, the recording or a signal ends it; prints and writes the report.
 *
 * @returns The exit code.
 */
export async function runSession(options: SessionOptions): Promise<number> {
  const { config, recordings, output, cwd } = options;
  const clock = createSystemClock();
  const jsonPath = options.jsonPath === undefined ? undefined : checkWritable(resolve(cwd, options.jsonPath));
  const { plugins, configs } = await loadStrategies(config, cwd);
  const recording =
    recordings.length === 0 ? undefined : await openRecording(recordings.map((path) => resolve(cwd, path)));
  const run = createRunId(clock.nowUs(), randomInt(2 ** 32) / 2 ** 32);
  const paper = await createPaper({
    seed: config.seed,
    clock,
    onError: (error) => output.line(colors.yellow(`exchange: ${error.message}`)),
    ...(recording === undefined ? {} : { recording, replaySpeed: options.speed }),
  });
  try {
    announce(output, paper, plugins, recording);
    const client = createBinance({
      product: recording?.product ?? "spot",
      venue: recording === undefined ? "paper" : venueOf(recording),
      urls: paper.urls,
      credentials: { apiKey: paper.apiKey, apiSecret: paper.apiSecret },
      recvWindowMs: RECV_WINDOW_MS,
      // A replay answers a snapshot request when it comes to the recorded snapshot, at real-time speed perhaps much later.
      ...(recording === undefined ? {} : { callTimeoutMs: SNAPSHOT_WAIT_MS }),
      clock,
    });
    try {
      const runtime = await openRuntime({
        run,
        mode: recording === undefined ? "paper" : "recording",
        config,
        plugins,
        pluginConfigs: configs,
        client,
        trading: "orders" in client ? client : undefined,
        ...(recording === undefined ? {} : { streams: recording.streams }),
        journalPath: resolve(cwd, options.journalPath ?? join(".pitlane", "runs", run.id, "journal.db")),
        recvWindowMs: RECV_WINDOW_MS,
        clock,
        log: (source, message) => output.line(`${colors.cyan(source)}: ${message}`),
      });
      const reason = await follow(runtime, paper, recording, options, clock).catch(async (error: unknown) => {
        await runtime.close("failed");
        throw error;
      });
      output.endStatus();
      const report = await runtime.close(reason);
      if (jsonPath !== undefined) writeJson(jsonPath, report);
      for (const line of summaryLines(report)) output.line(line);
      if (jsonPath !== undefined) output.line(`report   ${relative(cwd, jsonPath) || jsonPath}`);
      return reason === "halted" ? EXIT.failed : EXIT.done;
    } finally {
      output.endStatus();
      await client.close();
    }
  } finally {
    await paper.close();
  }
}

/** Shows the session's status until something ends it, and says what. */
async function follow(
  runtime: Runtime,
  paper: Paper,
  recording: Recording | undefined,
  options: SessionOptions,
  clock: Clock,
): Promise<EndReason> {
  const { durationMs, output, stop } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([stop, ended.signal]);
  const waits: Promise<EndReason>[] = [aborted(stop), runtime.halted.then((): EndReason => "halted")];
  if (durationMs !== undefined) waits.push(clock.sleep(durationMs, signal).then((): EndReason => "duration"));
  if (recording !== undefined) waits.push(replayAll(runtime, paper, recording, options.config.closeTimeoutMs, signal));
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
    // The system clock's monotonic time counts from the start of the process.
    output.line(`market   first event ${Math.round(firstEventNs / 1e6)} ms after the program was started`);
  }, FIRST_EVENT_CHECK_MS);
  const timer = setInterval(show, output.isLive ? LIVE_EVERY_MS : PLAIN_EVERY_MS);
  return {
    stop: () => {
      clearInterval(firstEvent);
      clearInterval(timer);
    },
  };
}

function announce(output: Output, paper: Paper, plugins: readonly Plugin[], recording: Recording | undefined): void {
  output.line(
    `${colors.bold("pitlane")}  strategies ${plugins.map((plugin) => plugin.name).join(", ")} on ${recording === undefined ? "the embedded paper exchange" : `a recording of ${venueOf(recording)}`}`,
  );
  output.line(`exchange ${paper.urls.rest}, streams ${paper.urls.stream}`);
  if (recording !== undefined)
    output.line(
      `recording ${recording.frames} frames, ${recording.snapshots} snapshots, ${((recording.lastAtUs - recording.firstAtUs) / 1e6).toFixed(1)} s of ${recording.instruments.length} instruments`,
    );
}

function venueOf(recording: Recording): string {
  return recording.product === "spot" ? "binance" : `binance-${recording.product}`;
}

async function loadStrategies(
  config: Config,
  cwd: string,
): Promise<{ plugins: readonly Plugin[]; configs: Record<string, unknown> }> {
  const plugins: Plugin[] = [];
  const configs: Record<string, unknown> = {};
  for (const { use, config: own } of config.strategies) {
    plugins.push(...(await loadPlugins(use, { cwd })));
    Object.assign(configs, own);
  }
  return { plugins, configs };
}
