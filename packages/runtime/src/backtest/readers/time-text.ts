const DIGITS = /^\d+$/;
const SECONDS = /^(\d{9,10})\.(\d+)$/;
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * A point in time, in microseconds since the epoch: Unix time in seconds (with or without a fraction), ms, us or ns, told by its digits,
 * or ISO 8601 with a `T` or a space, in UTC unless it names a zone. NaN for anything else, and for a day that no calendar has. Parts of a
 * microsecond are dropped.
 *
 * @example
 * parseTimeUs("1582329602111000"); // 1582329602111000
 * parseTimeUs("2022-01-01 00:00:00.5"); // 1640995200500000
 */
export function parseTimeUs(text: string): number {
  if (DIGITS.test(text)) return ofDigits(text);
  const seconds = SECONDS.exec(text);
  if (seconds !== null) return Number(seconds[1]) * 1e6 + microseconds(seconds[2] as string);
  const iso = ISO.exec(text);
  if (iso === null) return Number.NaN;
  const [, day, time = "00:00", fraction = "", zone = "Z"] = iso;
  if (!isDay(day as string)) return Number.NaN;
  return Date.parse(`${day}T${time}${zone}`) * 1000 + microseconds(fraction);
}

/** `Date.parse` takes February 30 for March 1. */
function isDay(day: string): boolean {
  const ms = Date.parse(day);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}

function ofDigits(text: string): number {
  switch (text.length) {
    case 9:
    case 10:
      return Number(text) * 1e6;
    case 12:
    case 13:
      return Number(text) * 1000;
    case 15:
    case 16:
      return Number(text);
    case 18:
    case 19:
      return Number(text.slice(0, -3));
    default:
      return Number.NaN;
  }
}

function microseconds(fraction: string): number {
  return Number(fraction.slice(0, 6).padEnd(6, "0"));
}
