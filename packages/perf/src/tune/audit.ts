import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { InvalidInputError } from "../errors.ts";
import type { KnobSearch } from "./search.ts";

/** One step of an optimizer, as the audit trail keeps it. */
export type AuditEvent =
  | { readonly event: "campaign"; readonly campaign: number; readonly values: Readonly<Record<string, number>> }
  | {
      readonly event: "trial";
      readonly trial: number;
      readonly knob: string;
      readonly from: number;
      readonly to: number;
      readonly search: KnobSearch;
    }
  | {
      readonly event: "pair";
      readonly trial: number;
      readonly incumbent: number;
      readonly candidate: number;
      readonly first: "incumbent" | "candidate";
    }
  | {
      readonly event: "kept" | "rejected";
      readonly trial: number;
      readonly knob: string;
      readonly from: number;
      readonly to: number;
      readonly pairs: number;
      /** As `Decision`; null where a guard or an error ended the trial before a look. */
      readonly p: number | null;
      readonly gain: number | null;
      readonly reason: string;
    }
  | {
      /** A value that had been kept, or was on trial in a process that ended, was taken out of force. */
      readonly event: "rolled-back";
      readonly knob: string;
      readonly from: number;
      readonly to: number;
      readonly reason: string;
    }
  | { readonly event: "end"; readonly campaign: number; readonly reason: "converged" | "trials-spent" };

/** An event with its time, in microseconds since the epoch. */
export type AuditEntry = AuditEvent & { readonly atUs: number };

/** Where an optimizer writes what it does before it goes on. */
export interface AuditTrail {
  /** Keeps `entry`; when this throws, the optimizer puts the value in force back and stops. */
  append(entry: AuditEntry): void;
}

/**
 * An audit trail as a file of JSON lines: one entry a line, on disk before `append` returns.
 *
 * @param path Made if it is missing; its folder must exist. Entries go at its end.
 * @throws The file system's error when the file cannot be opened for writing.
 * @example
 * const audit = openAuditFile("tuning.jsonl");
 * const optimizer = new AutoOptimizer({ ...options, audit, history: audit.history });
 * await optimizer.run(signal);
 * audit.close();
 */
export function openAuditFile(path: string): AuditTrail & { readonly history: readonly AuditEntry[]; close(): void } {
  const file = openSync(path, "a+");
  const text = readFileSync(file, "utf8");
  const history = parseAudit(text);
  // A line that a crash cut short is dropped by the reader; a line end keeps the next entry apart from it.
  if (text !== "" && !text.endsWith("\n")) appendFileSync(file, "\n");
  return {
    history,
    append(entry) {
      appendFileSync(file, `${JSON.stringify(entry)}\n`);
      fsyncSync(file);
    },
    close: () => closeSync(file),
  };
}

/**
 * Reads JSON lines back. A line that is not whole JSON and has nothing but a crash to explain it (the last of its writer) is
 * skipped; what is JSON but no entry is refused.
 *
 * @throws {InvalidInputError} With the number of the first line that is no audit entry.
 */
export function parseAudit(text: string): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "") continue;
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch {
      if (line.startsWith('{"')) continue;
      throw new InvalidInputError(`line ${i + 1} of the audit trail is not JSON: is this another file?`);
    }
    if (!isEntry(entry))
      throw new InvalidInputError(`line ${i + 1} of the audit trail is no entry of an auto-optimizer`);
    entries.push(entry);
  }
  return entries;
}

const EVENTS: readonly unknown[] = ["campaign", "trial", "pair", "kept", "rejected", "rolled-back", "end"];

function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== "object" || value === null) return false;
  const { event, atUs } = value as Partial<AuditEntry>;
  return EVENTS.includes(event) && typeof atUs === "number";
}
