import { inspect } from "node:util";
import { check } from "../checks.ts";
import { SecretSearch } from "./secret-search.ts";

const MASK = "[secret]";
const MOST_REPLY = 65_536; // characters
const MOST_SECRET = 4_096; // characters of one, encoded

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

  /** @throws {InvalidInputError} When `text` is none; never showing it. */
  constructor(text: string) {
    check(typeof text === "string", "a secret", "text", typeof text);
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
 * A secret is found as it is and as whatever writes it: escaped as JSON, URLs, forms or HTML do, in base64 or hex, and in any of these
 * within each other, to a depth; of a secret of several lines, a PEM key, each line of 16 characters on. Texts of under 4 characters
 * are not looked for, and base64 of under 8 bytes not. Where base64 or hex holds a secret, all of it is masked.
 *
 * Setting costs little, redacting some passes over the text: meant for errors and logs, not for market data.
 *
 * @example
 * const redactor = new Redactor();
 * redactor.set("credentials", [apiKey, apiSecret]);
 * throw new RejectedError(redactor.redactReply(reply), details);
 */
export class Redactor {
  readonly #secrets: Map<string, readonly string[]>;
  #search: SecretSearch;

  /** @param known What knows secrets already: those it knows now, this one knows too. @throws {InvalidInputError} When it is none. */
  constructor(known?: Redactor) {
    check(known === undefined || known instanceof Redactor, "known", "a Redactor", known);
    this.#secrets = new Map(known === undefined ? [] : known.#secrets);
    this.#search = known === undefined ? new SecretSearch([]) : known.#search;
  }

  /**
   * Replaces the secrets known under `name`, so that those which change do not pile up.
   * @throws {InvalidInputError} When they are no list of texts; never showing one.
   */
  set(name: string, secrets: readonly string[]): void {
    check(Array.isArray(secrets), "secrets", "a list of texts", typeof secrets);
    for (const secret of secrets) check(typeof secret === "string", "a secret", "text", typeof secret);
    this.#secrets.set(name, secrets);
    this.#search = new SecretSearch([...this.#secrets.values()].flat());
  }

  /** `text` with every secret as `[secret]`. */
  redact(text: string): string {
    let clean = "";
    let at = 0;
    for (const [start, end] of this.#search.find(text)) {
      clean += text.slice(at, start) + MASK;
      at = end;
    }
    return clean + text.slice(at);
  }

  /**
   * A reply without its secrets: of JSON every text, name and number as it reads, written anew; of anything else the text. Of one with more
   * than 65,536 characters the beginning: no refusal has as many words, and a venue must not keep us busy with searching for seconds.
   */
  redactReply(text: string): string {
    // What may be half of a secret, at the end, is left out as well.
    if (text.length > MOST_REPLY) return `${this.redact(text.slice(0, MOST_REPLY)).slice(0, -MOST_SECRET)}...`;
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
