import { existsSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Runtime } from "./runtime-types.ts";

/** A file of this name in a run's folder halts the run's session. */
export const HALT_FILE = "halt";
/** A file of this name lets the session trade again. */
export const RESUME_FILE = "resume-trading";

/** What a file says beside its name. */
export interface KillSwitchOrder {
  /** For people. */
  readonly reason: string;
  /** Default `halted`. */
  readonly state?: "halted" | "reduceOnly";
  /** Positions are closed at the market as well. */
  readonly flatten?: boolean;
  /** Who says so; default `file`. */
  readonly by?: string;
  /** Whoever flattens waits for how that ended, in the file `halt.ID.flat`: letters, digits and `-`, at most 64. */
  readonly answerTo?: string;
}

export interface KillSwitchOptions {
  readonly runtime: Pick<Runtime, "setTradingState" | "flatten">;
  /** The run's folder, in which its journal is. */
  readonly folder: string;
  /** Listens for the signal that halts; returns what ends that. Left out where there is no signal to listen for. */
  readonly onSignal?: ((listener: () => void) => () => void) | undefined;
  /** Something went wrong with a file; trading stands as it did. */
  readonly onFault: (message: string) => void;
}

const LOOK_EVERY_MS = 50;
const FLAT = "flat";

/**
 * Halts a session from outside its code: by the file `halt` in the run's folder, empty or with a reason in it, and by a signal. A file
 * is removed when it was acted on: that it is gone says that it was heard. One that is there already halts at once.
 *
 * A `halt` that cannot be read or removed halts all the same, once for as long as it is there; a `resume-trading` counts only once it is gone.
 *
 * The folder is looked at every 50 ms, at the cost of two look-ups of a name. It is not watched for changes: the journal beside it is
 * written with every order, and each write would wake a watcher up.
 *
 * @returns Ends it.
 */
export function watchKillSwitch({ runtime, folder, onSignal, onFault }: KillSwitchOptions): () => void {
  const blamed = new Map<string, string>(); // by name, the file that could not be read or removed, as was told
  let haltedBy = ""; // the last halt that was acted on: one that stays is so once
  const look = () => {
    // A halt that came with a resumption has the last word.
    lookFor(RESUME_FILE, (path) => {
      const resume = parseOrder(readFileSync(path, "utf8"));
      rmSync(path); // one that stays would undo each halt that follows: it counts only once it is gone
      runtime.setTradingState("active", resume.reason, resume.by);
    });
    lookFor(HALT_FILE, (path, identity) => {
      const { halt, trouble } = readHalt(path);
      if (haltedBy !== identity) act(runtime, folder, halt, onFault);
      haltedBy = identity;
      if (trouble !== undefined) throw trouble;
      rmSync(path, { force: true });
    });
  };
  // One file's trouble is not the other's: a halt is heard whatever a resumption is like.
  const lookFor = (name: string, take: (path: string, identity: string) => void) => {
    if (!isLeft(folder, name)) return void blamed.delete(name);
    const path = join(folder, name);
    let identity = "";
    try {
      const { ino, mtimeMs } = lstatSync(path);
      identity = `${ino} ${mtimeMs}`;
      take(path, identity);
    } catch (error) {
      if (blamed.get(name) === identity || !isLeft(folder, name)) return;
      blamed.set(name, identity);
      onFault(`the kill switch's file ${path} cannot be read or removed: ${(error as Error).message}`);
    }
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  const stopListening = onSignal?.(() => runtime.setTradingState("halted", "SIGUSR2", "signal"));
  return () => {
    clearInterval(timer);
    stopListening?.();
  };
}

/** Leaves an order for the session of a run, whole or not at all. */
export function leaveOrder(folder: string, name: string, order: KillSwitchOrder): void {
  const partial = join(folder, `${name}.${process.pid}.partial`);
  writeFileSync(partial, `${JSON.stringify(order)}\n`);
  renameSync(partial, join(folder, name));
}

/** True until the session of the run has acted on the order. */
export function isLeft(folder: string, name: string): boolean {
  return existsSync(join(folder, name));
}

/** Takes an order back that nobody is there to act on; false when it was taken in the meantime. */
export function takeBackOrder(folder: string, name: string): boolean {
  const isThere = isLeft(folder, name);
  rmSync(join(folder, name), { force: true });
  return isThere;
}

/** What a file says: JSON of a `KillSwitchOrder`, or else a reason in plain words. What cannot be understood is a reason. Pure. */
export function parseOrder(text: string): KillSwitchOrder {
  const words = { reason: text.trim(), by: "file" };
  if (!words.reason.startsWith("{")) return words;
  try {
    const { reason, state, flatten, by, answerTo } = JSON.parse(text) as Record<string, unknown>;
    return {
      reason: typeof reason === "string" ? reason : "",
      by: typeof by === "string" ? by : "file",
      ...(state === "reduceOnly" ? { state } : {}),
      ...(flatten === true ? { flatten } : {}),
      ...(typeof answerTo === "string" && /^[\w-]{1,64}$/.test(answerTo) ? { answerTo } : {}),
    };
  } catch {
    return words;
  }
}

/** A halt that cannot be read is one: that it is there says enough. */
function readHalt(path: string): { readonly halt: KillSwitchOrder; readonly trouble?: unknown } {
  try {
    return { halt: parseOrder(readFileSync(path, "utf8")) };
  } catch (trouble) {
    const reason = `the file ${HALT_FILE} cannot be read: ${(trouble as Error).message}`;
    return { halt: { reason, by: "file" }, trouble };
  }
}

/** How a flattening ended that asked for an answer; undefined while it goes on. The answer is taken away. */
export function takeFlatAnswer(folder: string, answerTo: string): boolean | undefined {
  const path = join(folder, flatFile(answerTo));
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  rmSync(path, { force: true });
  return text === FLAT;
}

function flatFile(answerTo: string): string {
  return `${HALT_FILE}.${answerTo}.flat`;
}

function act(
  runtime: KillSwitchOptions["runtime"],
  folder: string,
  order: KillSwitchOrder,
  onFault: (message: string) => void,
): void {
  const { reason, state = "halted", flatten, by, answerTo } = order;
  if (flatten !== true) return runtime.setTradingState(state, reason, by);
  runtime
    .flatten(reason, by)
    .then((isFlat) => {
      if (answerTo === undefined) return;
      const partial = join(folder, `${flatFile(answerTo)}.partial`);
      writeFileSync(partial, isFlat ? FLAT : "not flat");
      renameSync(partial, join(folder, flatFile(answerTo)));
    })
    .catch((error: unknown) => onFault(`positions are not closed: ${(error as Error).message}`));
}
