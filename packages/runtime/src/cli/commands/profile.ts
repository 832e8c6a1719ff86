import { readFileSync } from "node:fs";
import { basename, extname, relative } from "node:path";
import { type Clock, createSystemClock, InvalidInputError } from "@pitlane/perf";
import { type AllocationProfile, type CpuProfile, flameGraphHtml } from "@pitlane/perf/monitor";
import type { Command } from "commander";
import { isRunning, readSessionFile, type SessionFile } from "../../session-file.ts";
import {
  isRequestLeft,
  leaveRequest,
  type ProfileRequest,
  type SessionAnswer,
  takeAnswer,
  withdraw,
} from "../../session-mailbox.ts";
import { EXIT } from "../exit.ts";
import { findLiveFolder, findRunFolder } from "../find-run.ts";
import { writeWhole } from "../json-file.ts";
import type { CommandContext } from "../main.ts";
import { colors, type Output } from "../output.ts";
import { parseDuration } from "../parse.ts";

interface ProfileFlags {
  readonly cpu?: string | true;
  readonly heap?: true;
  readonly alloc?: string | true;
}

const DEFAULT_TIME = "10s";
const LONGEST_MS = 3_600_000;
const HEARD_WITHIN_MS = 5_000;
const WRITTEN_WITHIN_MS = 120_000; // beyond the time that it samples: a large heap takes long to write
const LOOK_EVERY_MS = 50;

const HELP = `
A CPU profile samples the stack each millisecond; it slows the session a little. --alloc samples what is allocated and still alive at the end.
--heap writes every object, and the session stands still meanwhile: not while it trades for real.
The file is put into the run's folder. While the session runs its dashboard shows it, under Memory: a flame graph, or of a heap snapshot the types
of its objects. Of --cpu and --alloc a flame graph is written beside it, which any browser opens; Chrome's developer tools load all three. The
file names functions and files of the program; a heap snapshot holds its secrets too.
Exit code: 0 done; 1 the session does not run, has not answered, or could not take it; 2 bad usage or no such run.`;

/** `pitlane profile [PID|RUN]`: what a running session spends its time or memory on. */
export function addProfile(program: Command, context: CommandContext): void {
  program
    .command("profile")
    .description("take a CPU profile, an allocation profile or a heap snapshot of a running session")
    .argument("[run]", "the run's id, folder or journal, or the process's id (default: the one that runs here)")
    .option("--cpu [time]", `sample the stack for this time (default: ${DEFAULT_TIME})`)
    .option("--heap", "write all objects on the heap")
    .option("--alloc [time]", `sample allocations for this time (default: ${DEFAULT_TIME})`)
    .addHelpText("after", HELP)
    .action(async (run: string | undefined, flags: ProfileFlags) => {
      const request = requestOf(flags);
      const folder = run === undefined ? findLiveFolder(context.cwd) : findRunFolder(run, context.cwd);
      await ask(folder, request, context);
    });
}

/** @throws {InvalidInputError} When the flags name no single profile, or a bad time. */
function requestOf({ cpu, heap, alloc }: ProfileFlags): ProfileRequest {
  if ([cpu, heap, alloc].filter((flag) => flag !== undefined).length > 1)
    throw new InvalidInputError("--cpu, --heap and --alloc are three profiles: take one at a time");
  if (heap === true) return { kind: "profile", profile: "heap", durationMs: 1, by: "cli" };
  const [profile, flag, time] =
    alloc === undefined ? (["cpu", "--cpu", cpu] as const) : (["allocations", "--alloc", alloc] as const);
  const durationMs = parseDuration(flag, typeof time === "string" ? time : DEFAULT_TIME);
  if (durationMs > LONGEST_MS) throw new InvalidInputError(`${flag} is one hour at most`);
  return { kind: "profile", profile, durationMs, by: "cli" };
}

async function ask(folder: string, request: ProfileRequest, { cwd, output, stop, end }: CommandContext): Promise<void> {
  const name = relative(cwd, folder) || folder;
  const fail = (message: string) => {
    output.line(colors.yellow(message));
    end(EXIT.failed);
  };
  const session = readSessionFile(folder);
  if (session === undefined || !isRunning(session))
    return fail(`no session of ${name} runs: there is nothing to profile`);
  const clock = createSystemClock();
  const id = leaveRequest(folder, request);
  try {
    const heardBy = clock.monotonicNs() + HEARD_WITHIN_MS * 1e6;
    while (isRequestLeft(folder, id)) {
      if (stop.aborted) return fail("stopped");
      if (clock.monotonicNs() > heardBy)
        return fail(
          `the session of ${name}, process ${session.pid}, has not heard it within ${HEARD_WITHIN_MS / 1000} s`,
        );
      await clock.sleep(LOOK_EVERY_MS);
    }
    const answer = await waitFor(folder, id, request, clock, output, stop);
    if (answer === undefined) return fail(stop.aborted ? "stopped: the session goes on with it" : "no answer has come");
    if ("error" in answer) return fail(`not taken: ${answer.error}`);
    tell(answer.path, request, session, cwd, output);
  } finally {
    output.endStatus();
    withdraw(folder, id);
  }
}

async function waitFor(
  folder: string,
  id: string,
  { profile, durationMs }: ProfileRequest,
  clock: Clock,
  output: Output,
  stop: AbortSignal,
): Promise<SessionAnswer | undefined> {
  const startedNs = clock.monotonicNs();
  const seconds = durationMs / 1000;
  for (let ms = 0; ms < durationMs + WRITTEN_WITHIN_MS && !stop.aborted; ms = (clock.monotonicNs() - startedNs) / 1e6) {
    const answer = takeAnswer(folder, id);
    if (answer !== undefined) return answer;
    if (output.isLive)
      output.status(
        ms < durationMs
          ? `${profile} profile  ${(ms / 1000).toFixed(1)} of ${seconds} s`
          : `${profile} profile  written`,
      );
    await clock.sleep(LOOK_EVERY_MS);
  }
  return undefined;
}

function tell(
  path: string,
  { profile }: ProfileRequest,
  { dashboard }: SessionFile,
  cwd: string,
  output: Output,
): void {
  output.line(`profile  ${relative(cwd, path) || path}`);
  if (profile !== "heap") output.line(`flame    ${relative(cwd, writeFlameGraph(path))}`);
  for (const place of placesOf(profile, basename(path), dashboard)) output.line(`view     ${place}`);
}

/** Where a profile can be looked at. Pure. */
export function placesOf(kind: ProfileRequest["profile"], name: string, dashboard: string | null): string[] {
  const places: string[] = [];
  if (kind !== "heap") places.push("the flame graph in any browser");
  if (dashboard !== null)
    places.push(`${dashboard}/#/memory?profile=${encodeURIComponent(name)} while the session runs`);
  places.push(`Chrome: F12, ${kind === "cpu" ? "Performance" : "Memory"}, Load profile`);
  return places;
}

/** Puts the flame graph of a CPU or allocation profile beside it, and returns its path. */
function writeFlameGraph(path: string): string {
  const page = `${path.slice(0, -extname(path).length)}.html`;
  const profile = JSON.parse(readFileSync(path, "utf8")) as CpuProfile | AllocationProfile;
  writeWhole(page, flameGraphHtml(profile, `${"head" in profile ? "Allocation" : "CPU"} profile of a session`));
  return page;
}
