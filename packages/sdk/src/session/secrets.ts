import { inspect } from "node:util";

const MASK = "[secret]";
const MIN_LENGTH = 4; // shorter ones are in any text by chance, and masking them would tell where
const MIN_ENCODED_LENGTH = 8; // shorter ones leave too little that is certain inside of base64
const MIN_LINE_LENGTH = 16;
const SHARED = "(?:[A-Za-z0-9+/_-]|%2[BbFf])?"; // a character of base64, where there is one

/**
 * Holds a secret that only `reveal` shows: printed, inspected, spread, cloned or turned into JSON, it is `[secret]` or nothing.
 *
 * @example
 * const key = new Secret(await readKey());
 * console.log(key); // [secret]
 * send(key.reveal());
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret itself. Hand it on at once; keep the holder. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/**
 * Takes secrets out of texts before they reach an error or a log: a venue's reply may quote our request.
 *
 * A secret is found as it is, percent-encoded (as a URL, a form or JSON writes it) and in base64, also inside a longer
 * base64 text at whatever offset, there with every character that holds a bit of it; of a secret of several lines, a PEM key, each
 * line of 16 characters on. Texts of under 4 characters are not looked for, and base64 of under 8 not. Setting costs a little,
 * redacting one pass over the text. A venue's reply is for `redactReply`: JSON has more ways of writing a text than can be looked for.
 *
 * @example
 * const redactor = new Redactor();
 * redactor.set("credentials", [apiKey, apiSecret]);
 * throw new RejectedError(redactor.redactReply(reply), details);
 */
export class Redactor {
  readonly #secrets = new Map<string, readonly string[]>();
  #pattern: RegExp | undefined;

  /** Replaces the secrets known under `name`, so that those which change do not pile up. */
  set(name: string, secrets: readonly string[]): void {
    this.#secrets.set(name, secrets);
    this.#pattern = patternOf([...this.#secrets.values()].flat());
  }

  /** `text` with every secret as `[secret]`. */
  redact(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, MASK);
  }

  /** A reply without its secrets: of JSON every text, name and number as it reads, written anew; of anything else the text. */
  redactReply(text: string): string {
    try {
      return JSON.stringify(JSON.parse(text, (_name, value: unknown) => this.#clean(value)));
    } catch {
      return this.redact(text); // a page of a gateway
    }
  }

  #clean(value: unknown): unknown {
    if (typeof value === "string") return this.redact(value);
    if (typeof value === "number") {
      const text = String(value);
      const clean = this.redact(text);
      return clean === text ? value : clean;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [this.redact(name), inner]));
  }
}

/** A pattern, and how many characters it takes at most. */
type Form = readonly [pattern: string, length: number];

function patternOf(secrets: readonly string[]): RegExp | undefined {
  const forms = new Map<string, number>();
  for (const secret of secrets) {
    for (const part of [secret, ...linesOf(secret)]) {
      if (part.length < MIN_LENGTH) continue;
      for (const [pattern, length] of [...textForms(part), ...base64Forms(part)]) forms.set(pattern, length);
    }
  }
  if (forms.size === 0) return undefined;
  // Longest first: an alternation takes the first that fits, and a shorter form may begin a longer one.
  const longestFirst = [...forms].sort(([, a], [, b]) => b - a);
  return new RegExp(longestFirst.map(([pattern]) => pattern).join("|"), "g");
}

function patternFor(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

function linesOf(secret: string): string[] {
  return secret.split(/\r?\n/).filter((line) => line.length >= MIN_LINE_LENGTH && !line.startsWith("-----"));
}

function textForms(secret: string): Form[] {
  // Through its bytes: a lone surrogate, which these cannot hold, would throw.
  const percent = encodeURIComponent(Buffer.from(secret, "utf8").toString("utf8"));
  const lowerCase = percent.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const json = JSON.stringify(secret).slice(1, -1);
  const texts = [secret, percent, lowerCase, percent.replaceAll("%20", "+"), json];
  return texts.map((text) => [patternFor(text), text.length]);
}

/**
 * Patterns of `secret` in a base64 text after 3n, 3n + 1 or 3n + 2 bytes, in both alphabets: the characters that are certain, and
 * the one at either end that it shares with its neighbours, whatever these make of it, for some of its bits are the secret's.
 *
 *   bytes       a a a a a a a a|s s s s s s s s|s s s s s s s s|b b b b b b b b
 *   characters  a a a a a a|a a s s s s|s s s s s s|s s s s s s|b b b b b b|b b     offset 1: one shared before, none after
 */
function base64Forms(secret: string): Form[] {
  const bytes = Buffer.from(secret, "utf8");
  if (bytes.length < MIN_ENCODED_LENGTH) return [];
  return [0, 1, 2].flatMap((offset) => {
    const endBits = (offset + bytes.length) * 8;
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64url");
    const certain = text.slice(Math.ceil((offset * 8) / 6), Math.floor(endBits / 6));
    const base64 = certain.replaceAll("-", "+").replaceAll("_", "/");
    const before = offset === 0 ? "" : SHARED;
    const after = endBits % 6 === 0 ? "" : SHARED;
    const texts = [certain, base64, encodeURIComponent(base64)];
    return texts.map((text): Form => [before + patternFor(text) + after, text.length + 2]);
  });
}
