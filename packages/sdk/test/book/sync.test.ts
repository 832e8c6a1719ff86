import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BookSync, type SequencedDiff, type SequenceRule } from "../../src/book/sync.ts";

const RULES: readonly SequenceRule[] = ["contiguous", "linked"];

function diff(firstSequence: number, lastSequence: number, previousSequence = firstSequence - 1): SequencedDiff {
  return { firstSequence, lastSequence, previousSequence };
}

function setUp(rule: SequenceRule, bufferLimit?: number) {
  return new BookSync<SequencedDiff>({
    rule,
    copy: (each) => ({ ...each }),
    ...(bufferLimit === undefined ? {} : { bufferLimit }),
  });
}

describe("contiguous sequences", () => {
  test("a diff that starts right after the snapshot is applied, not only one that contains it", () => {
    const sync = setUp("contiguous");
    expect(sync.offer(diff(11, 12))).toBe("buffer");
    expect(sync.load(10)).toEqual([diff(11, 12)]);
    expect(sync.sequence).toBe(12);
    expect(sync.offer(diff(13, 13))).toBe("apply");
  });

  test("a snapshot older than the first kept diff is refused, and a newer one then fits the same diffs", () => {
    const sync = setUp("contiguous");
    sync.offer(diff(11, 12));
    sync.offer(diff(13, 15));
    expect(sync.load(9)).toBeUndefined();
    expect(sync.isSynced).toBe(false);
    expect(sync.load(12)).toEqual([diff(13, 15)]);
    expect(sync.isSynced).toBe(true);
  });

  test("old and repeated diffs are ignored, overlapping ones applied", () => {
    const sync = setUp("contiguous");
    sync.load(10);
    expect(sync.offer(diff(5, 10))).toBe("ignore");
    expect(sync.offer(diff(9, 12))).toBe("apply");
    expect(sync.offer(diff(9, 12))).toBe("ignore");
    expect(sync.sequence).toBe(12);
  });

  test("a hole is a gap; the diff behind it is kept for the next snapshot", () => {
    const sync = setUp("contiguous");
    sync.load(10);
    expect(sync.offer(diff(12, 14))).toBe("gap");
    expect(sync.isSynced).toBe(false);
    expect(sync.offer(diff(15, 15))).toBe("buffer");
    expect(sync.load(13)).toEqual([diff(12, 14), diff(15, 15)]);
  });

  test("a hole among the buffered diffs needs a snapshot from behind it", () => {
    const sync = setUp("contiguous");
    sync.offer(diff(11, 12));
    sync.offer(diff(15, 16));
    expect(sync.load(11)).toBeUndefined();
    expect(sync.buffered).toBe(1);
    expect(sync.load(14)).toEqual([diff(15, 16)]);
  });
});

describe("linked sequences", () => {
  test("the first diff must contain the snapshot's id, later ones name the one before", () => {
    const sync = setUp("linked");
    sync.offer(diff(3, 8, 1));
    sync.offer(diff(9, 14, 8));
    sync.offer(diff(20, 25, 14));
    expect(sync.load(10)).toEqual([diff(9, 14, 8), diff(20, 25, 14)]);
    expect(sync.offer(diff(30, 33, 25))).toBe("apply");
    expect(sync.offer(diff(30, 33, 25))).toBe("ignore");
    expect(sync.offer(diff(34, 35, 34))).toBe("gap");
  });

  test("a diff that ends at the snapshot's id is applied, one that starts behind it is not", () => {
    const ending = setUp("linked");
    ending.offer(diff(3, 8));
    expect(ending.load(8)).toEqual([diff(3, 8)]);
    const behind = setUp("linked");
    behind.offer(diff(9, 12));
    expect(behind.load(8)).toBeUndefined();
  });
});

test("after a gap in linked sequences the containing diff is looked for anew", () => {
  const sync = setUp("linked");
  sync.offer(diff(3, 8, 1));
  sync.load(5);
  expect(sync.offer(diff(20, 25, 14))).toBe("gap");
  expect(sync.load(22)).toEqual([diff(20, 25, 14)]);
});

test("drop forgets the buffer and the book", () => {
  const sync = setUp("contiguous");
  sync.offer(diff(1, 5));
  sync.drop();
  expect([sync.buffered, sync.isSynced]).toEqual([0, false]);
});

test("a full buffer is started anew with the diff that did not fit, and says so", () => {
  const sync = setUp("contiguous", 3);
  expect([1, 2, 3].map((at) => sync.offer(diff(at, at)))).toEqual(["buffer", "buffer", "buffer"]);
  expect(sync.offer(diff(4, 4))).toBe("refetch");
  expect(sync.buffered).toBe(1);
  expect(sync.load(2)).toBeUndefined();
  expect(sync.load(3)).toEqual([diff(4, 4)]);
});

test("buffered diffs are copies: the caller reuses its object", () => {
  const sync = setUp("contiguous");
  const reused = { firstSequence: 1, lastSequence: 2, previousSequence: 0 };
  sync.offer(reused);
  Object.assign(reused, { firstSequence: 3, lastSequence: 4 });
  expect(sync.load(0)).toEqual([diff(1, 2)]);
});

// A venue's book is a row of cells; change n sets one of them to n. A diff carries the cells its changes touched as they are
// after the last of them. Futures also have numbers that no diff covers. The channel loses, repeats and swaps diffs, and
// snapshots come from any moment so far.

interface CellDiff extends SequencedDiff {
  readonly cells: ReadonlyMap<number, number>;
}

const CELLS = 5;

function cellsAt(sequence: number, skipped: ReadonlySet<number>): number[] {
  const cells = new Array<number>(CELLS).fill(0);
  for (let n = 1; n <= sequence; n++) if (!skipped.has(n)) cells[cellOf(n)] = n;
  return cells;
}

function cellOf(change: number): number {
  return (change * 7919) % CELLS;
}

const fate = fc.constantFrom("arrives", "arrives", "arrives", "arrives", "lost", "twice", "late");
const event = fc.record({
  changes: fc.integer({ min: 1, max: 4 }),
  /** Numbers before the diff's first that no diff covers; futures only. */
  skipped: fc.integer({ min: 0, max: 2 }),
  fate,
  /** How old a snapshot is that arrives after this diff, in changes; none when undefined. */
  snapshotAge: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined, freq: 2 }),
});

for (const rule of RULES) {
  test(`never shows a wrong book as good, whatever is lost, repeated, swapped or late (${rule})`, () => {
    let timesSynced = 0;
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const sync = new BookSync<CellDiff>({ rule, copy: (each) => each, bufferLimit: 10 });
        let book: number[] = [];
        const skipped = new Set<number>();
        let sequence = 0;
        let previousSequence = 0;
        let held: CellDiff | undefined;

        const apply = (each: CellDiff) => {
          for (const [cell, value] of each.cells) book[cell] = value;
        };
        const arrive = (each: CellDiff) => {
          if (sync.offer(each) === "apply") apply(each);
          check();
        };
        const check = () => {
          if (!sync.isSynced) return;
          timesSynced++;
          expect(book).toEqual(cellsAt(sync.sequence, skipped));
        };

        for (const each of events) {
          for (let n = 0; n < each.skipped && rule === "linked"; n++) skipped.add(++sequence);
          const firstSequence = sequence + 1;
          sequence += each.changes;
          const cells = new Map<number, number>();
          for (let n = firstSequence; n <= sequence; n++) cells.set(cellOf(n), n);
          const made: CellDiff = { firstSequence, lastSequence: sequence, previousSequence, cells };
          previousSequence = sequence;

          if (each.fate === "arrives" || each.fate === "twice") arrive(made);
          if (each.fate === "twice") arrive(made);
          if (held !== undefined) arrive(held);
          held = each.fate === "late" ? made : undefined;

          if (each.snapshotAge !== undefined && !sync.isSynced) {
            const at = Math.max(0, sequence - each.snapshotAge);
            const diffs = sync.load(at);
            if (diffs !== undefined) {
              book = cellsAt(at, skipped);
              for (const kept of diffs) apply(kept);
            }
            check();
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(timesSynced).toBeGreaterThan(300); // the property is about something
  });
}
