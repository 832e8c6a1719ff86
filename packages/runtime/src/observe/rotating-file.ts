import { existsSync, writeSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join, parse } from "node:path";

const MOST_WAITING_BYTES = 4 * 2 ** 20;
const LINE_FEED = 10;

export interface RotatingFileOptions {
  /** Of the newest file, `log.jsonl`; the ones before are `log.1.jsonl`, `log.2.jsonl` and so on, the highest number the oldest. */
  readonly path: string;
  /** Largest size of a file; a single longer line has one to itself. */
  readonly maxBytes: number;
  /** Most files, the newest among them; 1 or more. */
  readonly files: number;
  /** Told of the first write that fails, and of the first that does after one that went well. */
  readonly onFault: (message: string) => void;
}

/**
 * Lines appended to a file in the background, which begins anew when it is full; older ones are kept up to a number.
 *
 *     write -> waiting, at most 4 MiB -> one write at a time -> log.jsonl -> log.1.jsonl -> ... -> deleted
 *
 * Each write goes to the place in the file that it belongs to, not just to its end: what is still under way at the process's exit is written
 * there again, and is in the file once. Lines that find no room, or whose write failed, are lost and counted.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #file: FileHandle;
  #size: number; // of the file, and where the next write goes
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #underWay: Buffer | undefined;
  #work: Promise<void> | undefined;
  #hasFailed = false;
  #lost = 0;
  #isClosed = false;

  private constructor(options: RotatingFileOptions, file: FileHandle, size: number) {
    this.#options = options;
    this.#file = file;
    this.#size = size;
  }

  /** Goes on with the file that is there. Readable by its owner alone. @throws When it cannot be opened. */
  static async open(options: RotatingFileOptions): Promise<RotatingFile> {
    const created = await open(options.path, "a", 0o600);
    await created.close();
    const file = await open(options.path, "r+");
    const { size } = await file.stat();
    const rotating = new RotatingFile(options, file, size);
    if (size > 0 && !(await endsInLineFeed(file, size))) rotating.write("\n"); // the process before was killed in the middle of a line
    return rotating;
  }

  /** Lines that are not in the file and will not be. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes a line with its line feed over; returns at once. After `close` it does nothing. */
  write(line: string): void {
    if (this.#isClosed) return;
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > MOST_WAITING_BYTES) {
      this.#lost++;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#work ??= this.#run();
  }

  /** Resolves when all lines are in the file, and ends it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
    await this.#file.close();
  }

  /** Writes what is left at once, for when the process exits: the file is then left to the system to close. */
  finish(): void {
    this.#isClosed = true;
    const { fd } = this.#file;
    if (fd < 0) return; // closed before
    const left = Buffer.concat([...(this.#underWay === undefined ? [] : [this.#underWay]), ...this.#waiting.splice(0)]);
    try {
      for (let at = 0; at < left.length; ) at += writeSync(fd, left, at, left.length - at, this.#size + at);
    } catch (error) {
      this.#onFailure(error);
    }
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      try {
        await this.#writeSome();
        this.#hasFailed = false;
      } catch (error) {
        this.#onFailure(error);
        // Tried again with the next line, not with these: a disk that stays full would be written to without end.
        this.#lost += this.#waiting.splice(0).length;
        this.#waitingBytes = 0;
      }
    }
    this.#work = undefined;
  }

  async #writeSome(): Promise<void> {
    const next = this.#waiting[0]?.length ?? 0;
    if (this.#size > 0 && this.#size + next > this.#options.maxBytes) await this.#rotate();
    const { bytes, lines } = this.#take();
    this.#underWay = bytes;
    try {
      for (let at = 0; at < bytes.length; )
        at += (await this.#file.write(bytes, at, bytes.length - at, this.#size + at)).bytesWritten;
      this.#size += bytes.length;
    } catch (error) {
      this.#lost += lines;
      await this.#file.truncate(this.#size); // part of it may be there
      throw error;
    } finally {
      this.#underWay = undefined;
    }
  }

  /** The lines that the file has room for, one at least. */
  #take(): { bytes: Buffer; lines: number } {
    let lines = 0;
    let length = 0;
    for (const { length: more } of this.#waiting) {
      if (lines > 0 && this.#size + length + more > this.#options.maxBytes) break;
      length += more;
      lines++;
    }
    this.#waitingBytes -= length;
    return { bytes: Buffer.concat(this.#waiting.splice(0, lines)), lines };
  }

  async #rotate(): Promise<void> {
    const { path, files } = this.#options;
    await rm(numbered(path, files - 1), { force: true });
    for (let number = files - 2; number >= 0; number--)
      if (existsSync(numbered(path, number))) await rename(numbered(path, number), numbered(path, number + 1));
    const full = this.#file;
    this.#file = await open(path, "wx+", 0o600);
    this.#size = 0;
    await full.close();
  }

  #onFailure(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const { path, onFault } = this.#options;
    onFault(`${path} cannot be written, lines are lost: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** `log.jsonl`, 2 -> `log.2.jsonl`; 0 is the file itself. */
function numbered(path: string, number: number): string {
  const { dir, name, ext } = parse(path);
  return number === 0 ? path : join(dir, `${name}.${number}${ext}`);
}

async function endsInLineFeed(file: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === LINE_FEED;
}
