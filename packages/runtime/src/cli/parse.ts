import { InvalidInputError } from "@pitlane/perf";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const LONGEST_MS = 30 * 24 * 3_600_000;

/**
 * Milliseconds of a duration such as `20s`, `500ms`, `1.5m` or `24h`.
 *
 * @throws {InvalidInputError} When it has another form, or is not from 1 ms to 30 days.
 */
export function parseDuration(name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * UNIT_MS[match[2]!]!;
  if (ms >= 1 && ms <= LONGEST_MS) return ms;
  throw new InvalidInputError(`${name} must be a time from 1ms to 720h such as 20s, 500ms, 1.5m or 24h; got "${text}"`);
}

/** A whole number from text. @throws {InvalidInputError} When it is not one, or out of range. */
export function parseWhole(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new InvalidInputError(`${name} must be a whole number from ${min} to ${max}; got "${text}"`);
}

/** A replay speed: `max` is 0, else times real time. @throws {InvalidInputError} When it is neither. */
export function parseSpeed(text: string): number {
  if (text === "max") return 0;
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0.01 && value <= 1000) return value;
  throw new InvalidInputError(`--speed must be max or a number from 0.01 to 1000 (1 = as recorded); got "${text}"`);
}

/** Reads the address of a server, `http://HOST:PORT`. @throws {InvalidInputError} When it is none. */
export function parseOrigin(flag: string, text: string): string {
  if (URL.canParse(text)) {
    const { protocol, origin, host } = new URL(text);
    if (protocol === "http:" && host !== "") return origin;
  }
  throw new InvalidInputError(`${flag} must be an address such as http://127.0.0.1:8080, got "${text}"`);
}
