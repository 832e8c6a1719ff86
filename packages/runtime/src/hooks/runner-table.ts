import { MOST_KINDS } from "../bus/kinds.ts";
import type { Runner } from "./runner.ts";

export const NOTHING: Runner = () => {};

/**
 * The code that an event runs, by slot, as elements of the object itself.
 *
 *     slot = instrument + 1 << 7 | kind        1 KiB an instrument; slots of no handler run nothing
 *
 * An array held in a field would be one more load on the way from event to code, and a stride that is no constant several more: with a
 * single listener these are most of what a dispatch costs. Traded for it: room for 128 kinds, used or not.
 */
export class RunnerTable {
  /** @internal */
  [slot: number]: Runner;

  constructor(instruments: number) {
    // In order and without gaps, or V8 would keep them in a dictionary.
    const slots = (instruments + 1) * MOST_KINDS;
    for (let slot = 0; slot < slots; slot++) this[slot] = NOTHING;
  }

  /**
   * A method, which V8 inlines once it knows the object: a function of the module would be looked at in each call.
   *
   * @param instrumentIndex -1 for none.
   */
  protected slotOf(kindIndex: number, instrumentIndex: number): number {
    return ((instrumentIndex + 1) << 7) | kindIndex; // 2 ** 7 is MOST_KINDS
  }
}
