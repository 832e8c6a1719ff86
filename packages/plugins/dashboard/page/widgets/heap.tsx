import { useState } from "preact/hooks";
import type { ProfileHeap } from "../../src/protocol.ts";
import { bytes, count, percent } from "../lib/format.ts";
import { type Column, Table } from "./basic.tsx";

type HeapType = ProfileHeap["types"][number];

/** Columns that order the rows, and how each does when it is first pressed. */
const ORDERS = {
  name: "ascending",
  count: "descending",
  shallowBytes: "descending",
  retainedBytes: "descending",
} as const;

type OrderedBy = keyof typeof ORDERS;

/** What is on the heap of a snapshot, by type; the head of a column orders the rows. A type opens to what holds its largest object. */
export function Heap({ heap }: { readonly heap: ProfileHeap }) {
  const { totalBytes, objects, references, typeCount, types } = heap;
  const [{ by, now }, setOrder] = useState<{ by: OrderedBy; now: "ascending" | "descending" }>({
    by: "retainedBytes",
    now: "descending",
  });
  const [isWhole, setWhole] = useState(false);
  const rows = types.toSorted((a, b) => (now === "ascending" ? 1 : -1) * compare(a[by], b[by]));
  const shown = isWhole ? rows : rows.slice(0, FIRST_ROWS);
  const orderedBy = (column: OrderedBy): Pick<Column<HeapType>, "order"> => ({
    order: {
      now: column === by ? now : "none",
      press: () =>
        setOrder({
          by: column,
          now: column !== by ? ORDERS[column] : now === "ascending" ? "descending" : "ascending",
        }),
    },
  });
  return (
    <div class="heap">
      <p class="note">
        {bytes(totalBytes)} in {count(objects)} objects of {count(typeCount)} types, with {count(references)} references
        between them.
      </p>
      <Table
        label="Types of objects on the heap"
        rows={shown}
        rowKey={({ name, count: objectsOf, shallowBytes }) => `${name} ${objectsOf} ${shallowBytes}`}
        empty="The heap is empty."
        columns={[
          { head: "type", cell: (type) => <TypeCell type={type} />, ...orderedBy("name") },
          { head: "objects", cell: (type) => count(type.count), isFigure: true, isExtra: true, ...orderedBy("count") },
          {
            head: "own size",
            title: "Of the objects themselves, without what they refer to",
            cell: ({ shallowBytes }) => bytes(shallowBytes),
            isFigure: true,
            ...orderedBy("shallowBytes"),
          },
          {
            head: "retained",
            title: "What would be freed with them: themselves, and what each of them alone keeps alive",
            cell: ({ retainedBytes }) => bytes(retainedBytes),
            isFigure: true,
            ...orderedBy("retainedBytes"),
          },
          {
            head: "of the heap",
            title: "Retained, as a share of the heap. Types hold one another, so that shares sum up to more than 100 %",
            cell: ({ retainedBytes }) => percent(totalBytes === 0 ? 0 : retainedBytes / totalBytes),
            isFigure: true,
            isExtra: true,
          },
        ]}
      />
      {types.length > FIRST_ROWS && (
        <button type="button" onClick={() => setWhole(!isWhole)}>
          {isWhole ? "Fewer types" : `All ${types.length} types that lead by one of the three`}
        </button>
      )}
    </div>
  );
}

const FIRST_ROWS = 25;

function TypeCell({ type: { name, largest } }: { readonly type: HeapType }) {
  return (
    <details class="heap-type">
      <summary>{name}</summary>
      <p>The largest retains {bytes(largest.retainedBytes)}. It is held by</p>
      <ol>
        {largest.heldBy.map(({ name: holder, by }, step) => (
          <li key={step}>
            <code>{by}</code> of {holder}
          </li>
        ))}
        <li>{largest.furtherSteps > 0 ? `${count(largest.furtherSteps)} more, and the root` : "the root"}</li>
      </ol>
    </details>
  );
}

function compare(a: string | number, b: string | number): number {
  return typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b);
}
