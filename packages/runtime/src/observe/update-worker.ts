import { createSystemClock } from "@pitlane/perf";
import { driveUpdates } from "./update-drive.ts";
import { createUpdateEngine } from "./update-engine.ts";

/** What the thread is told. */
export interface UpdateTask {
  readonly updates: number;
  readonly perSecond: number;
  /** Done beforehand and not timed: a session that runs has compiled code. */
  readonly warmUp: number;
}

/** What it has measured. */
export interface UpdateFigures {
  readonly elapsedMs: number;
  readonly p50Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** The program of the update test's thread. */
export default async function runUpdates({ updates, perSecond, warmUp }: UpdateTask): Promise<UpdateFigures> {
  const clock = createSystemClock();
  const engine = await createUpdateEngine(warmUp + updates, clock);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  // The thread sleeps in between, as one that waits for a socket: its wake-up counts, and no core is kept from the session.
  const waitUntil = (atNs: number) => void Atomics.wait(cell, 0, 0, (atNs - clock.monotonicNs()) / 1e6);
  try {
    for (let i = 0; i < warmUp; i++) engine.apply(i);
    const { elapsedMs, latency } = driveUpdates({
      updates,
      perSecond,
      clock,
      waitUntil,
      apply: (index) => engine.apply(warmUp + index),
    });
    const heard = engine.heard();
    if (heard !== warmUp + updates)
      throw new Error(`the strategy has heard ${heard} of ${warmUp + updates} updates: its figures would mean nothing`);
    const us = (percentile: number) => Math.round(latency.percentileNs(percentile) / 100) / 10;
    return { elapsedMs: Math.round(elapsedMs * 10) / 10, p50Us: us(50), p95Us: us(95), p99Us: us(99), maxUs: us(100) };
  } finally {
    await engine.close();
  }
}
