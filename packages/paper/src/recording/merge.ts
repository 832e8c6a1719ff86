import type { RecordedItem } from "./recorded-item.ts";

type Batches = AsyncGenerator<readonly RecordedItem[], void, undefined>;

/** Where one source stands; `items[index]` is its next item, and there is none once `items` is empty. */
interface Head {
  readonly source: Batches;
  items: readonly RecordedItem[];
  index: number;
}

/**
 * Merges sources that are each in the order of time into one. At equal times an earlier source goes first.
 *
 * Holds one batch per source. The next item is found by looking at every head, which suits a handful of sources; as long
 * as one source is ahead of the others it is drained without looking again.
 */
export async function* mergeByTime(sources: readonly Batches[]): Batches {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return yield* only;
  try {
    const heads: Head[] = [];
    for (const source of sources) {
      const head: Head = { source, items: [], index: 0 };
      if (await refill(head)) heads.push(head);
    }
    let merged: RecordedItem[] = [];
    while (heads.length > 0) {
      const first = earliest(heads);
      const head = heads[first]!;
      const { items } = head;
      // A tie goes to the earlier source: before it strictly, after it also at the same time.
      const beforeUs = nextAtUs(heads, 0, first);
      const untilUs = nextAtUs(heads, first + 1, heads.length);
      let atUs = items[head.index]!.atUs;
      do {
        merged.push(items[head.index]!);
        head.index++;
        if (head.index === items.length) break;
        atUs = items[head.index]!.atUs;
      } while (atUs < beforeUs && atUs <= untilUs);
      if (head.index < items.length) continue;
      // A batch is handed on before its source is read again: nothing waits for the disk while merged items lie here.
      yield merged;
      merged = [];
      if (!(await refill(head))) heads.splice(first, 1);
    }
  } finally {
    for (const source of sources) await source.return();
  }
}

function earliest(heads: readonly Head[]): number {
  let first = 0;
  for (let i = 1; i < heads.length; i++) if (atUsOf(heads[i]!) < atUsOf(heads[first]!)) first = i;
  return first;
}

function nextAtUs(heads: readonly Head[], from: number, to: number): number {
  let nextUs = Number.POSITIVE_INFINITY;
  for (let i = from; i < to; i++) nextUs = Math.min(nextUs, atUsOf(heads[i]!));
  return nextUs;
}

function atUsOf(head: Head): number {
  return head.items[head.index]!.atUs;
}

async function refill(head: Head): Promise<boolean> {
  do {
    const next = await head.source.next();
    if (next.done === true) return false;
    head.items = next.value;
  } while (head.items.length === 0);
  head.index = 0;
  return true;
}
