import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Fault } from "../report.ts";
import { type AlertRow, parseRow, type SampleRow, type StartRow, type TotalsRow } from "./sample-rows.ts";

/** A span of time, microseconds since the epoch; its end is not in it. */
export interface TimeSpan {
  readonly fromUs: number;
  readonly toUs: number;
}

/** What a process of a run wrote within a span. */
export interface ProcessSamples {
  readonly start: StartRow;
  /** Seconds of the span. */
  readonly samples: readonly SampleRow[];
  /** The last totals before the span; undefined when it began in it. */
  readonly before: TotalsRow | undefined;
  /** The last totals in the span; undefined when there are none: nothing can be said then. */
  readonly totals: TotalsRow | undefined;
  /** Last word on each alert of the span. */
  readonly alerts: readonly AlertRow["alert"][];
  readonly faults: readonly Fault[];
  /** Of the last row of the span. */
  readonly lastUs: number;
}

const MOST_ALERTS = 1_000;
const MOST_FAULTS = 1_000;

/**
 * Reads a run's samples, process by process; lines that a killed process tore are passed over.
 *
 * @throws What the file system does, when the file is not there. @throws The signal's reason.
 */
export async function readSamples(
  path: string,
  span: TimeSpan,
  signal?: AbortSignal,
): Promise<readonly ProcessSamples[]> {
  const processes: ProcessReader[] = [];
  const lines = createInterface({ input: createReadStream(path, { encoding: "utf8" }), crlfDelay: Infinity });
  for await (const line of lines) {
    signal?.throwIfAborted();
    const row = line === "" ? undefined : parseRow(line);
    if (row === undefined) continue;
    if (row.k === "start") processes.push(new ProcessReader(row, span));
    else processes.at(-1)?.take(row);
  }
  return processes
    .map((reader) => reader.result())
    .filter(({ samples, totals }) => samples.length > 0 || totals !== undefined);
}

class ProcessReader {
  readonly #start: StartRow;
  readonly #span: TimeSpan;
  readonly #samples: SampleRow[] = [];
  readonly #alerts = new Map<string, AlertRow["alert"]>();
  readonly #faults: Fault[] = [];
  #before: TotalsRow | undefined;
  #totals: TotalsRow | undefined;
  #lastUs: number;

  constructor(start: StartRow, span: TimeSpan) {
    this.#start = start;
    this.#span = span;
    this.#lastUs = start.t;
  }

  take(row: Exclude<ReturnType<typeof parseRow>, StartRow | undefined>): void {
    const { fromUs, toUs } = this.#span;
    if (row.t < fromUs) {
      if (row.k === "totals") this.#before = row;
      return;
    }
    if (row.t >= toUs) return;
    this.#lastUs = Math.max(this.#lastUs, row.t);
    if (row.k === "s") this.#samples.push(row);
    else if (row.k === "totals") this.#totals = row;
    else if (row.k === "fault") {
      if (this.#faults.length < MOST_FAULTS) this.#faults.push(row.fault);
    } else if (this.#alerts.size < MOST_ALERTS || this.#alerts.has(row.alert.id))
      this.#alerts.set(row.alert.id, row.alert);
  }

  result(): ProcessSamples {
    return {
      start: this.#start,
      samples: this.#samples,
      before: this.#before,
      totals: this.#totals,
      alerts: [...this.#alerts.values()],
      faults: this.#faults,
      lastUs: this.#lastUs,
    };
  }
}
