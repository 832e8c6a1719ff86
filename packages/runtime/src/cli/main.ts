import { Redactor } from "@pitlane/sdk/venue";
import { Command, CommanderError } from "commander";
import type { EndReason } from "../report.ts";
import { VERSION } from "../version.ts";
import { addAlerts } from "./commands/alerts.ts";
import { addBacktest } from "./commands/backtest.ts";
import { addBench } from "./commands/bench.ts";
import { addConfig } from "./commands/config.ts";
import { addDivergence } from "./commands/divergence.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addExchange } from "./commands/exchange.ts";
import { addHalt, addResumeTrading } from "./commands/halt.ts";
import { addInspect } from "./commands/inspect.ts";
import { addJournal } from "./commands/journal.ts";
import { addNew } from "./commands/new.ts";
import { addProfile } from "./commands/profile.ts";
import { addRecord } from "./commands/record.ts";
import { addReplay } from "./commands/replay.ts";
import { addReport } from "./commands/report.ts";
import { addSecret } from "./commands/secret.ts";
import { addSoak } from "./commands/soak.ts";
import { addRun, addStart } from "./commands/start.ts";
import { addVerify } from "./commands/verify.ts";
import { codeOf, EXIT, exitCodeOf } from "./exit.ts";
import { colors, Output, type Terminal } from "./output.ts";
import type { Input } from "./prompt.ts";

/** What of the outside a program run has to do with. */
export interface ProgramHost {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Input;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** Aborts when the process is asked to stop; the reason is an `EndReason`. */
  readonly stop: AbortSignal;
  /** Listens for the signal that halts trading; returns what ends that. Left out where there is none. */
  readonly onHaltSignal?: HaltSignal;
}

/** @returns Ends the listening. */
export type HaltSignal = (listener: () => void) => () => void;

/** What every command is given. */
export interface CommandContext {
  readonly cwd: string;
  readonly output: Output;
  /** Aborts when the process is asked to stop; the reason is an `EndReason`. */
  readonly stop: AbortSignal;
  /** Sets the exit code. */
  readonly end: (exitCode: number) => void;
}

/** What the commands are given that read settings or secrets. */
export interface SettingsContext extends CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: Input;
  readonly onHaltSignal: HaltSignal | undefined;
  /** Knows the secrets of the run; every line and error passes it. */
  readonly redactor: Redactor;
  /** Shows an error with its stack and causes from here on, as `--debug` does from the start. */
  readonly showStacks: () => void;
}

const PARENT_CHECK_MS = 500;
const REPEATED_SIGNAL_MS = 1000;
const FORCED = 130;

/**
 * Runs the command line and resolves with the exit code: 0 done, 2 bad usage, config or input, 3 venue or login failure, 4 halted by risk,
 * 1 anything else.
 *
 * @param args Without the program's own name.
 */
export async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  stopWithOutput(stop);
  const detach = [stopOnSignals(stop), stopWithParent(stop)];
  const { env, stdin, stdout, stderr } = process;
  try {
    return await runProgram(args, { cwd: process.cwd(), env, stdin, stdout, stderr, stop: stop.signal, onHaltSignal });
  } finally {
    for (const undo of detach) undo();
  }
}

/** `main` on a host of the caller's: the same, without the process. */
export async function runProgram(args: readonly string[], host: ProgramHost): Promise<number> {
  const { cwd, env, stdin, stdout, stderr, stop } = host;
  const redactor = new Redactor();
  const redact = (text: string) => redactor.redact(text);
  let exitCode: number = EXIT.done;
  let withStack = args.includes("--debug");
  const program = createProgram(
    {
      cwd,
      env,
      input: stdin,
      onHaltSignal: host.onHaltSignal,
      output: new Output(stdout, redact),
      redactor,
      stop,
      end: (code) => {
        exitCode = code;
      },
      showStacks: () => {
        withStack = true;
      },
    },
    host,
  );
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has printed its own message already; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
    const message = error instanceof Error ? error.message : String(error);
    stderr.write(redact(`${colors.red("error")}${codeOf(error)}: ${message}\n`));
    if (withStack) stderr.write(redact(`${describe(error)}\n`));
    return exitCodeOf(error);
  }
}

function createProgram(context: SettingsContext, { stdout, stderr }: ProgramHost): Command {
  const program = new Command("pitlane")
    .description(
      "Run a trading strategy, one TypeScript file, in a backtest, on a paper exchange, a recorded session or a real venue.",
    )
    .version(VERSION)
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)");
  addStart(program, context);
  addRun(program, context);
  addHalt(program, context);
  addResumeTrading(program, context);
  addExchange(program, context);
  addJournal(program, context);
  addInspect(program, context);
  addProfile(program, context);
  addReport(program, context);
  addReplay(program, context);
  addBacktest(program, context);
  addDivergence(program, context);
  addRecord(program, context);
  addVerify(program, context);
  addConfig(program, context);
  addDoctor(program, context);
  addBench(program, context);
  addSoak(program, context);
  addAlerts(program, context);
  addSecret(program, context);
  addNew(program, context);
  eachCommand(program, (command) =>
    command
      .option("--debug", "show the stack of an error")
      .exitOverride()
      .showHelpAfterError("(--help shows what there is)"),
  );
  return program;
}

function eachCommand(command: Command, apply: (command: Command) => void): void {
  for (const child of command.commands) {
    apply(child);
    eachCommand(child, apply);
  }
}

/** The first signal asks for an orderly close. Repeats right after it are the same Ctrl-C seen twice; a later one means it. */
function stopOnSignals(stop: AbortController): () => void {
  let firstMs: number | undefined;
  const onSignal = () => {
    const nowMs = performance.now();
    firstMs ??= nowMs;
    if (nowMs - firstMs > REPEATED_SIGNAL_MS) process.exit(FORCED);
    stop.abort("signal" satisfies EndReason);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/** A session listens while it runs; at any other time the signal ends the process, as it does by default. */
function onHaltSignal(listener: () => void): () => void {
  if (process.platform === "win32") return () => {}; // which has no such signal
  process.on("SIGUSR2", listener);
  return () => process.off("SIGUSR2", listener);
}

/** `npm start` names its launcher here: when that is killed without a word, a session of its must not trade on alone. */
function stopWithParent(stop: AbortController): () => void {
  const parent = Number(process.env["PITLANE_LAUNCHER_PID"]);
  if (parent !== process.ppid) return () => {};
  const timer = setInterval(() => {
    if (process.ppid !== parent) stop.abort("parentGone" satisfies EndReason);
  }, PARENT_CHECK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * Whoever read our lines has gone (`| head`): nobody watches any more, so the session closes in order. Heard to the end of the process: what
 * was written last may fail after the program is done.
 */
function stopWithOutput(stop: AbortController): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    stop.abort("outputClosed" satisfies EndReason);
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${describe(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
