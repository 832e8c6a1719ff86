import { refuse } from "./errors.ts";

/** How times are written in an answer. */
export type TimeUnit = "ms" | "us";

/** Microseconds since the epoch in `unit`; milliseconds are cut, not rounded. */
export function inUnit(us: number, unit: TimeUnit): number {
  return unit === "us" ? us : Math.floor(us / 1000);
}

/** The unit that a header or URL asks for; milliseconds when it asks for none. @throws {VenueRefusal} -1194 for any other text. */
export function parseTimeUnit(text: string | null | undefined): TimeUnit {
  switch (text) {
    case undefined:
    case null:
    case "MILLISECOND":
    case "millisecond":
      return "ms";
    case "MICROSECOND":
    case "microsecond":
      return "us";
    default:
      throw refuse.badTimeUnit();
  }
}

/** A time parameter as microseconds: the venue takes milliseconds and microseconds at any time, told apart by their size. */
export function toMicroseconds(time: number): number {
  return time >= 1e14 ? time : time * 1000;
}
