import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { InvalidInputError, integerInRange } from "@pitlane/perf";
import { checkObject } from "../checks.ts";
import { SessionCorruptError, SessionFileAccessError, SessionFileExposedError, SessionStoreError } from "./errors.ts";
import { deriveKeys, keysFit, newSalt, readHeader, SCRYPT_COST, type SealKeys, seal, unseal } from "./sealed.ts";
import { type SessionStore, sessionText } from "./store.ts";

export interface FileStoreOptions {
  /** The file; its folder is made, mode 0700, when it is missing. One file for one account. */
  readonly path: string;
  /** Seals it; at least 8 characters. Not stored anywhere: who loses it logs in again. */
  readonly passphrase: string;
  /** Cost of a guess: log2 of scrypt's N; 10 to 20, default 17 (128 MiB, some 0.3 s). A file that exists keeps its own. */
  readonly scryptLogN?: number | undefined;
}

const MAX_FILE_BYTES = 1_048_576;
const NOT_OURS = 0o077; // rights of group and others
const HAS_MODES = process.platform !== "win32"; // there, the folder's access list decides

/**
 * A session in a file, sealed with AES-256-GCM under a scrypt key of a passphrase: unreadable without it, and no change goes
 * unnoticed but one: an older file put in place of a newer.
 *
 * The file has mode 0600; one that others may read or write is refused, as ssh does with its keys. It is replaced as a whole
 * (a new file in the same folder, synced, renamed, the folder synced), so a crash leaves the old or the new one, and of two
 * processes the last writer wins. Loads and saves of one store run one after the other, in the order of their calls. The key
 * is derived once per salt, and the salt stays with the file.
 *
 * @throws {InvalidInputError} When the path is empty, the passphrase short, or the cost out of range; before any I/O.
 * @example
 * const store = createFileStore<AxiomSession>({ path: join(homedir(), ".pitlane/axiom.session"), passphrase });
 * await store.save(session);
 */
export function createFileStore<S>(options: FileStoreOptions): SessionStore<S> {
  return new FileStore<S>(options);
}

class FileStore<S> implements SessionStore<S> {
  readonly isShared = true;
  readonly #path: string;
  readonly #passphrase: string;
  readonly #logN: number;
  #keys: SealKeys | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: FileStoreOptions) {
    checkObject("options", options);
    const { path, passphrase, scryptLogN } = options;
    if (typeof path !== "string" || path === "" || path.includes("\0")) {
      throw new InvalidInputError("path must name the session's file");
    }
    if (typeof passphrase !== "string" || passphrase.length < 8) {
      throw new InvalidInputError("passphrase must have at least 8 characters");
    }
    this.#path = resolve(path);
    this.#passphrase = passphrase;
    this.#logN = integerInRange("scryptLogN", scryptLogN ?? SCRYPT_COST.logN, 10, 20);
  }

  load(signal?: AbortSignal): Promise<S | undefined> {
    return this.#inTurn("read", async () => {
      signal?.throwIfAborted();
      const file = await this.#read();
      if (file === undefined) {
        await this.#prepareKeys(); // so that the first session is saved within milliseconds of its coming, not after scrypt
        return undefined;
      }
      const header = readHeader(file);
      const keys =
        this.#keys !== undefined && keysFit(header, this.#keys)
          ? this.#keys
          : await deriveKeys(this.#passphrase, header.salt, header.cost);
      signal?.throwIfAborted();
      const session = parseJson<S>(unseal(file, keys));
      this.#keys = keys; // kept once it has proved right, so that no save seals with the keys of a file that was refused
      return session;
    });
  }

  async save(session: S): Promise<void> {
    const plaintext = Buffer.from(sessionText(session), "utf8"); // now: it may have changed when its turn comes
    await this.#inTurn("written", async () => {
      await this.#replace(seal(plaintext, await this.#prepareKeys()));
    });
  }

  clear(): Promise<void> {
    return this.#inTurn("removed", async () => {
      try {
        await unlink(this.#path);
      } catch (error) {
        if (!isMissing(error)) throw error;
        return;
      }
      await syncFolder(dirname(this.#path));
    });
  }

  async #prepareKeys(): Promise<SealKeys> {
    this.#keys ??= await deriveKeys(this.#passphrase, newSalt(), { ...SCRYPT_COST, logN: this.#logN });
    return this.#keys;
  }

  /** Runs `work` after what was asked before it, and names the file in what it throws. */
  #inTurn<T>(what: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work).catch((error: unknown) => {
      throw this.#named(what, error);
    });
    this.#last = turn.catch(() => {}); // told to its caller; the next one starts anew
    return turn;
  }

  #named(what: string, error: unknown): unknown {
    const file = `the session file ${this.#path}`;
    if (error instanceof SessionFileAccessError || error instanceof SessionFileExposedError) return error;
    if (error instanceof SessionStoreError) {
      const Kind = error.constructor as new (message: string) => SessionStoreError;
      return new Kind(`${file} cannot be used: ${error.message}`);
    }
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    if (typeof code !== "string" || !code.startsWith("E")) return error; // an abort's reason
    return new SessionFileAccessError(`${file} could not be ${what}: ${code}`, { cause: error });
  }

  /** The file's bytes; undefined when there is none. */
  async #read(): Promise<Buffer | undefined> {
    let file: FileHandle;
    try {
      file = await open(this.#path, "r");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      const stats = await file.stat();
      const { mode, size } = stats;
      if (!stats.isFile()) {
        const kind = stats.isDirectory() ? "a folder" : "no regular file";
        throw new SessionFileAccessError(`the session file ${this.#path} is ${kind}: \`path\` must name a file`);
      }
      if (HAS_MODES && (mode & NOT_OURS) !== 0) {
        const octal = (mode & 0o777).toString(8).padStart(4, "0");
        throw new SessionFileExposedError(
          `the session file ${this.#path} has mode ${octal}, so others may touch it: run chmod 600 on it, or delete it`,
        );
      }
      if (size > MAX_FILE_BYTES) throw new SessionCorruptError(`it has ${size} bytes, more than any session`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  async #replace(bytes: Buffer): Promise<void> {
    const folder = dirname(this.#path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const draft = `${folder}/.${basename(this.#path)}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      const file = await open(draft, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.#path);
    } catch (error) {
      await unlink(draft).catch(() => {}); // the first error is the one to tell
      throw error;
    }
    await syncFolder(folder);
  }
}

/** Makes a rename or removal in `path` outlive a power cut. */
async function syncFolder(path: string): Promise<void> {
  if (!HAS_MODES) return; // Windows opens no folder
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function parseJson<S>(plaintext: Buffer): S {
  try {
    return JSON.parse(plaintext.toString("utf8")) as S;
  } catch {
    // Without the cause: a parser's words quote what they could not parse.
    throw new SessionCorruptError("what it holds is not JSON");
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
