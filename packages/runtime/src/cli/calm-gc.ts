/**
 * Flags of V8 with which a process that waits for ticks is not stopped for milliseconds by the collector.
 *
 * V8's memory reducer takes such a process for idle and runs full collections of 16 to 23 ms; without it there are none. A larger young
 * generation (V8's own is 16 MB) lets what an order needs die there, instead of being copied; more than this would cost memory only.
 * Both are read when the heap is made: `v8.setFlagsFromString` comes too late for the second, so they are given to a new process.
 */
export const CALM_FLAGS: readonly string[] = ["--no-memory-reducer", "--max-semi-space-size=32"];

/** Commands whose process trades, or may. Others have no tail to keep short. */
const TRADING: ReadonlySet<string> = new Set(["start", "run", "soak"]);
const HELP: ReadonlySet<string> = new Set(["--help", "-h", "--version", "-V"]);

/** How the collector of a trading process may be set: `calm`, or V8's own way. */
export const GC_MODES = ["calm", "default"] as const;
export type GcMode = (typeof GC_MODES)[number];

/**
 * The flags that the process of a command line is to be given; none where it has what it needs, does not trade, or the user wants V8's
 * own way (`--gc default`, or `PITLANE_GC=default`). Flags that the user gave V8 himself, by Node's arguments or `NODE_OPTIONS`, stay. Pure.
 *
 * @param args Without the program's own name.
 * @param execArgv What Node was started with.
 */
export function calmFlags(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  execArgv: readonly string[],
): readonly string[] {
  const [command = ""] = args;
  if (!TRADING.has(command) || args.some((arg) => HELP.has(arg))) return [];
  if ((gcFlagOf(args) ?? env["PITLANE_GC"] ?? "calm") !== "calm") return [];
  const given = [...execArgv, ...(env["NODE_OPTIONS"] ?? "").split(/\s+/)].map(nameOf);
  return CALM_FLAGS.filter((flag) => !given.includes(nameOf(flag)));
}

/** Those of `CALM_FLAGS` that a process runs with. Pure. */
export function calmFlagsIn(execArgv: readonly string[]): readonly string[] {
  return CALM_FLAGS.filter((flag) => execArgv.includes(flag));
}

/** What `--gc` says; undefined when it is not there. The last one counts, as with every flag. */
function gcFlagOf(args: readonly string[]): string | undefined {
  let mode: string | undefined;
  for (const [i, arg] of args.entries()) {
    if (arg === "--gc") mode = args[i + 1];
    else if (arg.startsWith("--gc=")) mode = arg.slice("--gc=".length);
  }
  return mode;
}

/** `max-semi-space-size` of `--max_semi_space_size=16`: V8 takes both spellings, and `--no-` as the opposite of the same. */
function nameOf(flag: string): string {
  return flag
    .replace(/^--(no[-_]?(?=memory))?/, "")
    .replace(/=.*$/s, "")
    .replaceAll("_", "-");
}
