import { InvalidInputError } from "@pitlane/perf";
import type { Instrument } from "../../model/instrument.ts";

/** @throws {InvalidInputError} When `instrument` is of another venue, or none. */
export function checkVenue(instrument: Instrument, venue: string): void {
  if (instrument?.venue === venue && instrument.venueSymbol) return;
  throw new InvalidInputError(
    `instrument ${instrument?.id} is not of venue ${venue}: take one of its listInstruments()`,
  );
}
