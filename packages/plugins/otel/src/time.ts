import type { HrTime } from "@opentelemetry/api";

/**
 * A moment as OpenTelemetry writes it: seconds, and the nanoseconds beyond them. Pure.
 *
 * @param atUs Whole microseconds since the epoch.
 * @param laterUs Added to it, with its parts of a microsecond: in one number with `atUs` these would be rounded away.
 */
export function hrTime(atUs: number, laterUs = 0): HrTime {
  const seconds = Math.floor(atUs / 1e6);
  const ns = (atUs - seconds * 1e6) * 1000 + Math.round(laterUs * 1000);
  return [seconds + Math.floor(ns / 1e9), ((ns % 1e9) + 1e9) % 1e9];
}
