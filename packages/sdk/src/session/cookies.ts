import { inspect } from "node:util";
import { InvalidInputError } from "@pitlane/perf";
import { checkList, checkObject, shown } from "../checks.ts";

interface Cookie {
  readonly value: string;
  /** Infinity for one that ends with the session. */
  readonly expiresAtUs: number;
}

const MAX_COOKIES = 50; // RFC 6265, section 6.1: what a client must hold of one site at least
const MAX_LENGTH = 4096; // of name and value together; the same section

/**
 * The cookies of one site: a name and a value each, replaced by a later one of the same name, deleted by one that has ended.
 *
 * Only what a client of one API needs: `Domain`, `Path`, `Secure` and `HttpOnly` are not looked at, so send them to that
 * site's hosts alone and over TLS. Holds at most 50 cookies, of which the oldest gives way, and none above 4,096 characters.
 * Printed, it shows names alone.
 * Source: RFC 6265, sections 4.2.1 (the header), 5.2 (parsing), 5.3 (replacing and ending), 6.1 (bounds).
 *
 * @example
 * const jar = new CookieJar({ "auth-refresh-token": token });
 * jar.merge(reply.headers["set-cookie"], clock.nowUs());
 * const headers = { cookie: jar.header(clock.nowUs()) };
 */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  /**
   * @param cookies Names and values, or a `Cookie` header as a browser shows it: `a=1; b=2`.
   * @throws {InvalidInputError} When one has a name or value that no header can carry. Never shows the value.
   */
  constructor(cookies: Readonly<Record<string, string>> | string = {}) {
    if (typeof cookies !== "string") checkObject("cookies", cookies);
    const pairs = typeof cookies === "string" ? parseHeader(cookies) : Object.entries(cookies);
    for (const [name, value] of pairs) this.set(name, value);
  }

  /** Sets a cookie that ends with the session. @throws {InvalidInputError} As the constructor. */
  set(name: string, value: string): void {
    if (typeof name !== "string" || !isName(name))
      throw new InvalidInputError(`a cookie's name must be a token of RFC 6265, got ${shown(name)}`);
    if (typeof value !== "string" || !isValue(value) || name.length + value.length > MAX_LENGTH) {
      throw new InvalidInputError(
        `the value of cookie ${name} must be printable characters without spaces, quotes, commas, semicolons and backslashes, ` +
          `at most ${MAX_LENGTH} with its name`,
      );
    }
    this.#put(name, { value, expiresAtUs: Number.POSITIVE_INFINITY });
  }

  /** The value of a cookie that has not ended; undefined where there is none. */
  get(name: string, nowUs = Number.NEGATIVE_INFINITY): string | undefined {
    const cookie = this.#cookies.get(name);
    return cookie !== undefined && nowUs < cookie.expiresAtUs ? cookie.value : undefined;
  }

  /**
   * Takes in the `Set-Cookie` headers of a reply. What cannot be read as one is ignored, as a browser does.
   *
   * @returns The names that were set or deleted.
   */
  merge(setCookie: string | readonly string[] | undefined, nowUs: number): string[] {
    const headers = setCookie === undefined ? [] : typeof setCookie === "string" ? [setCookie] : setCookie;
    checkList("setCookie", headers);
    const names: string[] = [];
    for (const header of headers) {
      if (typeof header !== "string") continue;
      const parsed = parseSetCookie(header, nowUs);
      if (parsed === undefined) continue;
      names.push(parsed.name);
      if (parsed.expiresAtUs > nowUs) this.#put(parsed.name, parsed);
      else this.#cookies.delete(parsed.name);
    }
    return names;
  }

  /** The `Cookie` header of those that have not ended, or of `names` alone; empty when there are none. */
  header(nowUs: number, names?: readonly string[]): string {
    const pairs: string[] = [];
    for (const name of names ?? this.#cookies.keys()) {
      const value = this.get(name, nowUs);
      if (value !== undefined) pairs.push(`${name}=${value}`);
    }
    return pairs.join("; ");
  }

  /** Names and values of those that have not ended: what a session store keeps. They are secrets. */
  toRecord(nowUs: number): Record<string, string> {
    const live = [...this.#cookies].filter(([, { expiresAtUs }]) => nowUs < expiresAtUs);
    return Object.fromEntries(live.map(([name, { value }]) => [name, value]));
  }

  /** Deliberately not the values: `toRecord` is for those. */
  toJSON(): string[] {
    return [...this.#cookies.keys()];
  }

  [inspect.custom](): string {
    return `CookieJar(${this.toJSON().join(", ")})`;
  }

  #put(name: string, { value, expiresAtUs }: Cookie): void {
    this.#cookies.delete(name); // so that a replaced one counts as the youngest
    this.#cookies.set(name, { value, expiresAtUs });
    if (this.#cookies.size <= MAX_COOKIES) return;
    for (const oldest of this.#cookies.keys()) {
      this.#cookies.delete(oldest);
      return;
    }
  }
}

/** A cookie as a `Set-Cookie` header describes it; undefined when it describes none. Pure. Source: RFC 6265, section 5.2. */
export function parseSetCookie(
  header: string,
  nowUs: number,
): { readonly name: string; readonly value: string; readonly expiresAtUs: number } | undefined {
  const [pair = "", ...attributes] = header.split(";");
  const equals = pair.indexOf("=");
  const name = pair.slice(0, equals).trim();
  const value = unquoted(pair.slice(equals + 1).trim());
  if (equals < 1 || !isName(name) || !isValue(value) || name.length + value.length > MAX_LENGTH) return undefined;
  let maxAgeUs: number | undefined;
  let expiresUs: number | undefined;
  for (const attribute of attributes) {
    const [key = "", text = ""] = split(attribute);
    if (key === "max-age" && /^-?\d+$/.test(text)) maxAgeUs = Number(text) * 1e6; // the last one counts
    if (key === "expires" && !Number.isNaN(Date.parse(text))) expiresUs = Date.parse(text) * 1000;
  }
  // Section 5.3, step 3: Max-Age before Expires. Nothing of either: it ends with the session.
  const expiresAtUs = maxAgeUs === undefined ? (expiresUs ?? Number.POSITIVE_INFINITY) : nowUs + maxAgeUs;
  return { name, value, expiresAtUs };
}

function split(attribute: string): [key: string, text: string] {
  const equals = attribute.indexOf("=");
  if (equals < 0) return [attribute.trim().toLowerCase(), ""];
  return [attribute.slice(0, equals).trim().toLowerCase(), attribute.slice(equals + 1).trim()];
}

function parseHeader(header: string): [name: string, value: string][] {
  const pairs = header.split(";").map((pair) => pair.trim());
  return pairs
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      // Without the text: it may be a token that was pasted in place of a header.
      if (equals < 1)
        throw new InvalidInputError("cookies must be a Cookie header, name=value pairs with semicolons between");
      return [pair.slice(0, equals), unquoted(pair.slice(equals + 1))];
    });
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** A token of RFC 2616, section 2.2. */
function isName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

/** Cookie-octets of RFC 6265, section 4.1.1. */
function isValue(value: string): boolean {
  return /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(value);
}
