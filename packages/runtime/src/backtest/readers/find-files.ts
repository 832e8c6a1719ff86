import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { type DataFormat, type Detected, detectFormat, UnknownFormatError } from "./detect.ts";

/** The files of a session, in the order of their first times. */
export interface FoundFiles {
  readonly format: DataFormat;
  readonly files: readonly string[];
  /** What was left out of folders, a sentence. */
  readonly notes: readonly string[];
}

interface Found extends Detected {
  readonly file: string;
}

const MOST_NAMED = 5;

/**
 * The files of market data that paths name: each is one, or a folder of some. Files of a folder that are no market data, such as a README,
 * are left out and named in a note; a file named by itself must be market data.
 *
 * @throws {InvalidInputError} When there is none, one is missing, damaged or of another kind than the others.
 */
export async function findDataFiles(paths: readonly string[]): Promise<FoundFiles> {
  const found: Found[] = [];
  const notes: string[] = [];
  for (const path of paths) {
    if (!existsSync(path)) throw new InvalidInputError(`there is no ${path}: check --data`);
    if (!statSync(path).isDirectory()) found.push(await detect(resolve(path)));
    else {
      const { known, unknown } = await inFolder(path);
      found.push(...known);
      if (unknown.length > 0) notes.push(`left out of ${path}, for no market data: ${listed(unknown)}`);
    }
  }
  const [first] = found;
  if (first === undefined)
    throw new InvalidInputError("a backtest needs at least one file of data: name it with --data");
  const other = found.find(({ format }) => format !== first.format);
  if (other !== undefined)
    throw new InvalidInputError(
      `${other.file}: is ${other.format}, ${first.file} is ${first.format}: name files of one kind`,
    );
  // Node's sort is stable: files that do not tell their time keep their order.
  const sorted = found.sort((a, b) => (a.beginsAtUs < b.beginsAtUs ? -1 : a.beginsAtUs > b.beginsAtUs ? 1 : 0));
  return { format: first.format, files: sorted.map(({ file }) => file), notes };
}

async function inFolder(path: string): Promise<{ known: readonly Found[]; unknown: readonly string[] }> {
  const journal = join(path, "journal.db");
  if (existsSync(journal)) return { known: [await detect(resolve(journal))], unknown: [] };
  const files = readdirSync(path)
    .filter((name) => !name.startsWith("."))
    .sort()
    .map((name) => resolve(path, name))
    .filter((one) => statSync(one).isFile());
  if (files.length === 0) throw new InvalidInputError(`${path} is a folder without a file: name one with market data`);
  const known: Found[] = [];
  const unknown: string[] = [];
  let reason = "";
  for (const file of files) {
    try {
      known.push(await detect(file));
    } catch (error) {
      if (!(error instanceof UnknownFormatError)) throw error;
      unknown.push(basename(file));
      reason ||= error.message;
    }
  }
  if (known.length > 0) return { known, unknown };
  throw new InvalidInputError(
    `${path} is a folder without market data: of its ${files.length} files none can be read as such; the first, ${reason}`,
  );
}

async function detect(file: string): Promise<Found> {
  return { file, ...(await detectFormat(file)) };
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
