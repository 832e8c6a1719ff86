import type { Columns, MarketData } from "./columns.ts";

/** The same data on shared memory: threads that are sent it read it where it is, and nothing is copied but this once. */
export function shareData(data: readonly MarketData[]): readonly MarketData[] {
  return data.map(({ instrument, columns }) => ({ instrument, columns: shareColumns(columns) }));
}

function shareColumns<C extends Columns>(columns: C): C {
  const shared = Object.entries(columns).map(([name, value]) => [
    name,
    ArrayBuffer.isView(value) ? share(value) : value,
  ]);
  return Object.fromEntries(shared) as C;
}

function share(column: ArrayBufferView): ArrayBufferView {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const buffer = new SharedArrayBuffer(column.byteLength);
  new Uint8Array(buffer).set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  if (column instanceof Float64Array) return new Float64Array(buffer);
  return column instanceof BigInt64Array ? new BigInt64Array(buffer) : new Uint8Array(buffer);
}
