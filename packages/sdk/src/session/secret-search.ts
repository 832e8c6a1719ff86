import { foldUtf8, type Reading, readingOf, unescapeOnce } from "./unescape.ts";

const MIN_LENGTH = 4; // shorter ones are in any text by chance, and masking them would tell where
const MIN_LINE_LENGTH = 16;
const MIN_REST = 6;
const BASE64 = /[A-Za-z0-9+/_-]{11,}/g; // from 8 bytes on
const HEX = /[0-9A-Fa-f]{8,}/g; // from 4 bytes on
const MOST_LEVELS = 6; // of escapes within escapes
const MOST_DEPTH = 4; // of base64 or hex within each other
const WORK_PER_CHARACTER = 64; // readings of a text that nobody wrote to wear us out come to five or so
const SHORT = 1_000; // characters; a text of fewer may have the work of so many

/** From one index of a text up to another. */
type Region = readonly [start: number, end: number];

/**
 * Finds secrets in a text, however it is encoded: it reads the text as it is and, again and again, with the escapes in it undone
 * (of JSON, URLs and HTML) and with what may be base64 or hex decoded, and looks for the secrets in each reading.
 *
 * A secret is looked for as its own text, and as what undoing makes of that, for a level too much may have been undone. Where base64
 * or hex holds one, the whole of it is told, with what stands there beside the secret. `+` and a space are the same, as forms write
 * so, and small letters and capitals. Texts of under 4 characters are not looked for, nor base64 of under 8 bytes; of a secret of
 * several lines, a PEM key, each line of 16 characters on is.
 *
 * Levels, depth and all work are bounded, the last in proportion to the text: what is too much to be read counts as a secret.
 */
export class SecretSearch {
  readonly #needles: readonly string[];
  readonly #workPerCharacter: number;

  /** @param workPerCharacter How many characters may be read for each one of a text, all readings together. */
  constructor(secrets: readonly string[], workPerCharacter = WORK_PER_CHARACTER) {
    const needles = secrets.flatMap((secret) => [secret, ...linesOf(secret)]).flatMap(needlesOf);
    this.#needles = [...new Set(needles)].filter((needle) => needle.length >= MIN_LENGTH);
    this.#workPerCharacter = workPerCharacter;
  }

  /** Where secrets are in `text`, in order; none touches what is between two. */
  find(text: string): Region[] {
    if (this.#needles.length === 0 || text.length < MIN_LENGTH) return [];
    const work = { left: this.#workPerCharacter * Math.max(SHORT, text.length), seen: new Map<string, boolean>() };
    return united(this.#search(readingOf(text), work, MOST_DEPTH));
  }

  #search(first: Reading, work: Work, depth: number): Region[] {
    const found: Region[] = [];
    let reading: Reading | undefined = first;
    for (let level = 0; reading !== undefined && level < MOST_LEVELS; level++) {
      const { text, from } = reading;
      work.left -= text.length;
      if (work.left < 0) return [[from[0] as number, from[text.length] as number]];
      this.#lookFor(reading, found);
      if (/[\x80-\xff]/.test(text)) this.#lookFor(foldUtf8(reading), found);
      if (depth > 0) this.#lookInside(reading, work, depth, found);
      reading = unescapeOnce(reading);
    }
    return found;
  }

  #lookFor({ text, from }: Reading, found: Region[]): void {
    const where = comparable(text);
    for (const needle of this.#needles) {
      for (let at = where.indexOf(needle); at !== -1; at = where.indexOf(needle, at + 1)) {
        found.push([from[at] as number, from[at + needle.length] as number]);
      }
    }
  }

  #lookInside({ text, from }: Reading, work: Work, depth: number, found: Region[]): void {
    for (const { name, pattern, decode } of ENCODINGS) {
      for (const { 0: run, index } of text.matchAll(pattern)) {
        const key = `${name} ${depth} ${run}`;
        const holds = work.seen.get(key) ?? decode(run).some((inner) => this.#isIn(inner, work, depth - 1));
        work.seen.set(key, holds);
        if (holds) found.push([from[index] as number, from[index + run.length] as number]);
      }
    }
  }

  #isIn(bytes: string, work: Work, depth: number): boolean {
    return this.#search(readingOf(bytes), work, depth).length > 0;
  }
}

interface Work {
  left: number; // characters
  /** What may be base64 or hex, at which depth, and whether a secret is in it: a level on it mostly stands there again. */
  readonly seen: Map<string, boolean>;
}

interface Encoding {
  readonly name: string;
  readonly pattern: RegExp;
  /** What a run of such characters decodes to, each character a byte, wherever in it the encoding begins. */
  readonly decode: (run: string) => readonly string[];
}

const ENCODINGS: readonly Encoding[] = [
  { name: "base64", pattern: BASE64, decode: (run) => [0, 1, 2, 3].map((skipped) => bytesIn(run, skipped, "base64")) },
  { name: "hex", pattern: HEX, decode: (run) => [0, 1].map((skipped) => bytesIn(run, skipped, "hex")) },
];

function bytesIn(run: string, skipped: number, encoding: "base64" | "hex"): string {
  return Buffer.from(run.slice(skipped), encoding).toString("latin1");
}

/** What a secret reads as: its characters and the bytes of its UTF-8, folded too; all with the escapes that may be in it undone. */
function needlesOf(secret: string): string[] {
  return [secret, Buffer.from(secret, "utf8").toString("latin1")].flatMap((text) => {
    const texts: string[] = [];
    let reading: Reading | undefined = readingOf(text);
    for (let level = 0; reading !== undefined && level < MOST_LEVELS; level++) {
      texts.push(reading.text, foldUtf8(reading).text);
      reading = unescapeOnce(reading);
    }
    return texts.flatMap((read) => [read, withoutEnd(read)]).map(comparable);
  });
}

/** Of the same length: case is not told apart, as whoever reads a secret in capitals knows most of it; nor `+` from a space. */
function comparable(text: string): string {
  return text.replaceAll("+", " ").toLowerCase(); // of characters up to U+00FF none becomes two
}

/** Without the beginning of an escape at its end, of which undoing may have made one with what follows: a quote, for one. */
function withoutEnd(text: string): string {
  const rest = text.replace(/[\\%&]+$/, "");
  return rest.length >= MIN_REST ? rest : text;
}

function linesOf(secret: string): string[] {
  return secret.split(/\r?\n/).filter((line) => line.length >= MIN_LINE_LENGTH && !line.startsWith("-----"));
}

/** Regions in order, those that overlap as one. */
function united(regions: readonly Region[]): Region[] {
  const all: [number, number][] = [];
  for (const [start, end] of [...regions].sort(([a], [b]) => a - b)) {
    const last = all.at(-1);
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else if (start < end) all.push([start, end]);
  }
  return all;
}
