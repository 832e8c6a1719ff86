import { type RecordOf, recordLayout } from "../../src/ring/index.ts";

export const FIELDS = { id: "u8", number: "u32", check: "f64", exact: "i64" } as const;

/** The record of the stress tests: parts of different width that belong together, so that a torn one shows. */
export const LAYOUT = recordLayout(FIELDS);

/** What a worker is to do with the ring. */
export interface RingTask {
  readonly kind: "spsc" | "mpmc";
  readonly buffer: SharedArrayBuffer;
  /** One word; the worker starts once it is not 0. */
  readonly gate: SharedArrayBuffer;
  readonly role: "push" | "take" | "take and drain";
  /** Of the pusher; 0 to 255. */
  readonly id: number;
  /** Records to push. */
  readonly count: number;
}

export function stamp(record: RecordOf<typeof FIELDS>, id: number, number: number): void {
  record.id = id;
  record.number = number;
  record.check = id * 1e9 + number;
  record.exact = -BigInt(number);
}
