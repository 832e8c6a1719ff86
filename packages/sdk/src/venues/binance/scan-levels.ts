import type { Instrument } from "../../model/instrument.ts";
import type { FrameMemory, LevelColumns } from "./frame-memory.ts";
import { scanDecimal } from "./scan.ts";

// Nearly all bytes of a market stream are levels. One is read here, digit by digit, which shows how the venue writes this instrument's
// numbers; those behind it are read by scan-levels.wat until one is written otherwise.

/** How the venue writes an instrument's levels, as the last one that was read here showed: tables of the memory, 0 before the first. */
export class LevelForm {
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
  price = 0;
  size = 0;

  constructor({ priceDecimals, sizeDecimals }: Instrument) {
    this.priceDecimals = priceDecimals;
    this.sizeDecimals = sizeDecimals;
  }
}

/**
 * `[["price","size"],...]` into `columns`; how many prices lay between two ticks goes into `out[6]`. Answers as the readers of scan.ts.
 *
 * @param memory - Holds the same bytes as `data`.
 */
export function scanLevels(
  data: Uint8Array,
  memory: FrameMemory,
  at: number,
  form: LevelForm,
  columns: LevelColumns,
  out: Float64Array,
): number {
  const { levels } = columns;
  levels.clear();
  out[6] = 0;
  if (data[at] !== 91) return -1;
  if (data[at + 1] === 93) return at + 2;
  if (data[at + 1] !== 91 || data[at + 2] !== 34) return -1;
  let index = at + 3; // behind the quote
  for (;;) {
    if (form.price !== 0 && form.size !== 0) {
      const next = memory.read(index, form.price, form.size, columns);
      if (next < 0) return ~next;
      index = next;
    }
    const priceEnd = scanDecimal(data, index - 1, form.priceDecimals, false, out, 4);
    if (priceEnd < 0 || data[priceEnd] !== 44) return -1;
    const ticks = out[4] as number;
    const sizeEnd = scanDecimal(data, priceEnd + 1, form.sizeDecimals, true, out, 4);
    if (sizeEnd < 0 || data[sizeEnd] !== 93) return -1;
    if (Number.isNaN(ticks)) out[6] = (out[6] as number) + 1;
    else levels.push(ticks, out[4] as number);
    if (data[sizeEnd + 1] === 93) return sizeEnd + 2;
    if (data[sizeEnd + 1] !== 44 || data[sizeEnd + 2] !== 91 || data[sizeEnd + 3] !== 34) return -1;
    form.price = memory.tableOf(digitsBehindDot(data, index, priceEnd - 1), form.priceDecimals, false);
    form.size = memory.tableOf(digitsBehindDot(data, priceEnd + 2, sizeEnd - 1), form.sizeDecimals, true);
    index = sizeEnd + 4;
  }
}

/** Of the decimal text that ends at `end`; 0 when there is no dot. */
function digitsBehindDot(data: Uint8Array, start: number, end: number): number {
  for (let index = start; index < end; index++) if (data[index] === 46) return end - index - 1;
  return 0;
}
