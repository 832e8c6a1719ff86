import { InvalidInputError } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import { type Columns, DepthOp, type MarketData } from "./columns.ts";
import { refuseInverse } from "./inverse.ts";

/**
 * Looks at every row once: times go forward, prices and sizes are whole and not negative, and a bar's parts fit each other. Inverse
 * contracts are refused.
 *
 * @throws {InvalidInputError} Naming the instrument, the column, the row and the remedy.
 */
export function checkData(data: readonly MarketData[]): void {
  if (data.length === 0) throw new InvalidInputError("data is empty: give the columns of at least one instrument");
  const seen = new Set<Instrument>();
  const ids = new Set<string>();
  for (const { instrument, columns } of data) {
    refuseInverse(`data of ${instrument.id}`, instrument);
    if (seen.has(instrument) || ids.has(instrument.id))
      throw new InvalidInputError(`data has ${instrument.id} twice: join its columns first`);
    seen.add(instrument);
    ids.add(instrument.id);
    if (columns.length === 0) throw new InvalidInputError(`data of ${instrument.id} has no rows: leave it out`);
    checkColumns(instrument.id, columns);
  }
}

function checkColumns(id: string, columns: Columns): void {
  const { length } = columns;
  switch (columns.kind) {
    case "bars":
      checkTimes(id, "startUs", columns.startUs, length, columns.intervalUs);
      for (const name of ["openTicks", "highTicks", "lowTicks", "closeTicks"] as const)
        checkWhole(id, name, columns[name], length, 1);
      checkWhole(id, "volumeLots", columns.volumeLots, length, 0);
      return checkRanges(id, columns);
    case "trades":
      checkTimes(id, "atUs", columns.atUs, length, 0);
      checkWhole(id, "priceTicks", columns.priceTicks, length, 1);
      return checkWhole(id, "sizeLots", columns.sizeLots, length, 0);
    case "depth":
      checkTimes(id, "atUs", columns.atUs, length, 0);
      checkTimes(id, "receivedAtUs", columns.receivedAtUs, length, 0);
      for (let i = 0; i < length; i++) {
        if (columns.op[i]! > DepthOp.end) throw bad(id, "op", i, columns.op[i]!, "0 to 6, see DepthOp");
        if (columns.receivedAtUs[i]! < columns.atUs[i]!)
          throw bad(
            id,
            "receivedAtUs",
            i,
            columns.receivedAtUs[i]!,
            `not before atUs, ${columns.atUs[i]}: shift one clock`,
          );
      }
      checkWhole(id, "priceTicks", columns.priceTicks, length, 0);
      return checkWhole(id, "sizeLots", columns.sizeLots, length, 0);
  }
}

function checkTimes(id: string, name: string, column: Float64Array, length: number, stepUs: number): void {
  let least = 0;
  for (let i = 0; i < length; i++) {
    const atUs = column[i]!;
    if (!(atUs >= least) || atUs > Number.MAX_SAFE_INTEGER)
      throw bad(id, name, i, atUs, `microseconds, ${least} or later: sort the rows by time, without overlap`);
    least = atUs + stepUs;
  }
}

function checkWhole(id: string, name: string, column: Float64Array, length: number, least: number): void {
  for (let i = 0; i < length; i++) {
    const value = column[i]!;
    if (!(value >= least && value <= Number.MAX_SAFE_INTEGER) || Math.floor(value) !== value)
      throw bad(id, name, i, value, `a whole number from ${least}: scale it by the instrument's decimals`);
  }
}

function checkRanges(id: string, columns: Extract<Columns, { readonly kind: "bars" }>): void {
  const { length, openTicks, highTicks, lowTicks, closeTicks } = columns;
  for (let i = 0; i < length; i++) {
    const high = highTicks[i]!;
    const low = lowTicks[i]!;
    const open = openTicks[i]!;
    const close = closeTicks[i]!;
    if (!(low <= open && low <= close && open <= high && close <= high))
      throw bad(id, "highTicks", i, high, `at or above open ${open}, close ${close} and low ${low}`);
  }
}

function bad(id: string, name: string, row: number, value: number, must: string): InvalidInputError {
  return new InvalidInputError(`data of ${id}: ${name}[${row}] is ${value}, and must be ${must}`);
}
