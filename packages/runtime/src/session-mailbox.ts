import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** What may be asked of a running session. */
export interface ProfileRequest {
  readonly kind: "profile";
  readonly profile: "cpu" | "heap" | "allocations";
  /** Milliseconds; of no meaning for `heap`. */
  readonly durationMs: number;
  /** Who asks: `cli`. */
  readonly by: string;
}

export type SessionRequest = ProfileRequest;

/** What became of a request. */
export type SessionAnswer = { readonly path: string } | { readonly error: string };

export interface MailboxOptions {
  /** The run's folder. */
  readonly folder: string;
  /** Does what is asked for; what it throws is the answer. @param signal Aborted when the mailbox closes. */
  readonly perform: (request: SessionRequest, signal: AbortSignal) => Promise<string>;
  /** A file cannot be read or written. Told once until it is better. */
  readonly onFault: (message: string) => void;
}

const LOOK_EVERY_MS = 50;
const MOST_REQUESTS = 8; // of which one profile is taken at a time
const MOST_BYTES = 4_096;
const LONGEST_MS = 3_600_000;
const MOST_TRIES = 5;
const REQUEST = ".request.json";
const ANSWER = ".answer.json";

/** Folder of a run's mail. It is there only while there is any: a session without mail pays one look-up of a name. */
function mailFolder(folder: string): string {
  return join(folder, "mail");
}

/**
 * Takes requests of other processes of this machine, which are files in the run's folder: `mail/ID.request.json`, answered by
 * `mail/ID.answer.json`, each written whole or not at all. That a request is gone says that it was heard.
 *
 * The folder is looked at every 50 ms, as the kill switch's files are. More than 8 requests at a time are refused, and so is one that says
 * what nobody understands. Who may write into the run's folder may ask: nobody else.
 *
 * @returns Ends it, and what is under way; resolves when all is answered.
 */
export function openMailbox({ folder, perform, onFault }: MailboxOptions): () => Promise<void> {
  const mail = mailFolder(folder);
  const stop = new AbortController();
  const pending = new Set<Promise<void>>();
  let hasFailed = false;
  const answer = (id: string, said: SessionAnswer) => {
    try {
      writeMail(folder, `${id}${ANSWER}`, said);
    } catch (error) {
      onFault(`the answer to a request cannot be written into ${mail}: ${(error as Error).message}`);
    }
  };
  const take = (name: string) => {
    const id = name.slice(0, -REQUEST.length);
    const request = readRequest(join(mail, name));
    rmSync(join(mail, name), { force: true });
    if ("error" in request) return answer(id, request);
    if (pending.size >= MOST_REQUESTS) return answer(id, { error: `${MOST_REQUESTS} requests are under way already` });
    const work = perform(request, stop.signal)
      .then(
        (path) => answer(id, { path }),
        (error: unknown) => answer(id, { error: error instanceof Error ? error.message : String(error) }),
      )
      .finally(() => pending.delete(work));
    pending.add(work);
  };
  const look = () => {
    try {
      if (existsSync(mail)) for (const name of readdirSync(mail)) if (name.endsWith(REQUEST)) take(name);
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) onFault(`requests in ${mail} cannot be read or removed: ${(error as Error).message}`);
      hasFailed = true;
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return async () => {
    clearInterval(timer);
    stop.abort(new Error("the session has ended"));
    await Promise.all(pending);
  };
}

/** Leaves a request for the session of a run. @returns Its id. */
export function leaveRequest(folder: string, request: SessionRequest): string {
  const id = randomUUID();
  writeMail(folder, `${id}${REQUEST}`, request);
  return id;
}

/** False once the session has heard it. */
export function isRequestLeft(folder: string, id: string): boolean {
  return existsSync(join(mailFolder(folder), `${id}${REQUEST}`));
}

/** Takes the answer; undefined while there is none. */
export function takeAnswer(folder: string, id: string): SessionAnswer | undefined {
  const path = join(mailFolder(folder), `${id}${ANSWER}`);
  if (!existsSync(path)) return undefined;
  const { path: made, error } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  withdraw(folder, id);
  return typeof made === "string" ? { path: made } : { error: String(error) };
}

/** Takes back what is left of a request: nobody waits for it any more. */
export function withdraw(folder: string, id: string): void {
  for (const kind of [REQUEST, ANSWER]) rmSync(join(mailFolder(folder), `${id}${kind}`), { force: true });
  try {
    rmdirSync(mailFolder(folder));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT") throw error; // others have mail too
  }
}

function readRequest(path: string): SessionRequest | { readonly error: string } {
  if (statSync(path).size > MOST_BYTES) return { error: `a request has ${MOST_BYTES} bytes at most` };
  try {
    return parseRequest(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return { error: "the request is no JSON" };
  }
}

/** Reads a request; says what is wrong with it otherwise. Pure. */
export function parseRequest(value: unknown): SessionRequest | { readonly error: string } {
  if (typeof value !== "object" || value === null) return { error: "a request is an object" };
  const { kind, profile, durationMs, by } = value as Record<string, unknown>;
  if (kind !== "profile") return { error: `this session knows no request of kind ${JSON.stringify(kind)}` };
  if (profile !== "cpu" && profile !== "heap" && profile !== "allocations")
    return { error: `profile must be cpu, heap or allocations; got ${JSON.stringify(profile)}` };
  if (typeof durationMs !== "number" || !(durationMs >= 1 && durationMs <= LONGEST_MS))
    return { error: `durationMs must be a number from 1 to ${LONGEST_MS}; got ${JSON.stringify(durationMs)}` };
  return { kind, profile, durationMs, by: typeof by === "string" ? by : "file" };
}

/** Writes a file of the mail folder, which whoever has taken the last of its files has just removed, perhaps. */
function writeMail(folder: string, name: string, value: object): void {
  const path = join(mailFolder(folder), name);
  const partial = `${path}.${process.pid}.partial`;
  for (let tries = 1; ; tries++) {
    mkdirSync(mailFolder(folder), { recursive: true });
    try {
      writeFileSync(partial, `${JSON.stringify(value)}\n`);
      return renameSync(partial, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || tries === MOST_TRIES) throw error;
    }
  }
}
