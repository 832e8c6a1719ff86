import { InvalidInputError } from "@pitlane/perf";
import { readRecordedOrders, roundTripsUs } from "../recorded-orders.ts";
import { firstBytes, readTextLines } from "./text-lines.ts";

const MOST_VALUES = 1_000_000;

/**
 * Recorded order latencies, one way, in microseconds: from a text file with a number in each line (a first line of letters is a header), or
 * from a session's journal, where one way is half of the time from wanting an order to the venue's first word on it.
 *
 * @throws {InvalidInputError} When the file is neither, holds none, or more than a million: names the line.
 */
export async function readLatencies(path: string, signal?: AbortSignal): Promise<readonly number[]> {
  const isJournal = (await firstBytes(path, 16)).toString("latin1").startsWith("SQLite format 3");
  const values = isJournal
    ? roundTripsUs((await readRecordedOrders(path, signal)).orders).map((us) => us / 2)
    : await numbersIn(path, signal);
  if (values.length > 0) return values;
  throw new InvalidInputError(
    isJournal
      ? `${path}: holds no order that the venue has answered: latencies cannot be told from it`
      : `${path}: holds no latency: write one number of microseconds in each line`,
  );
}

async function numbersIn(path: string, signal: AbortSignal | undefined): Promise<readonly number[]> {
  const values: number[] = [];
  for await (const { firstLine, lines } of readTextLines(path, signal)) {
    for (let i = 0; i < lines.length; i++) {
      const text = (lines[i] as string).trim();
      const line = firstLine + i;
      if (text === "" || (line === 1 && /^[A-Za-z"]/.test(text))) continue;
      const us = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
      if (!(us <= 1e9))
        throw new InvalidInputError(
          `${path}:${line}: "${text.slice(0, 40)}" is no latency: write microseconds from 0 to 1e9, one in each line`,
        );
      if (values.length === MOST_VALUES)
        throw new InvalidInputError(
          `${path}:${line}: is beyond the first ${MOST_VALUES} values: take a sample of them`,
        );
      values.push(us);
    }
  }
  return values;
}
