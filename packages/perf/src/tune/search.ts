import { type Knob, neighbour } from "./knob.ts";

/** Where the search of one knob stands. Plain data: the audit trail rebuilds it. */
export interface KnobSearch {
  /** The value in force, outside of a trial's candidate windows. */
  readonly value: number;
  /** How far the next try goes, as a part of the knob's range. */
  readonly stride: number;
  /** The side the next try goes to. */
  readonly direction: 1 | -1;
  /** Sides known to be no better at this stride: 0 or 1; the second halves the stride. */
  readonly spent: number;
  /** Values known to be no better than `value`: a coarse `step` would propose them again at every stride. */
  readonly beaten: readonly number[];
}

const FIRST_STRIDE = 0.25;
const LAST_STRIDE = 1 / 64;

/** A search that starts at `value`, upwards, in quarters of the range. */
export function startSearch(value: number): KnobSearch {
  return { value, stride: FIRST_STRIDE, direction: 1, spent: 0, beaten: [] };
}

/**
 * The value to try next, or undefined when the search is over: neither side is better at any stride down to 1/64 of the range. Pure.
 *
 * A pattern search: the same stride on while it gains, then the other side, then half the stride.
 * Source: R. Hooke, T. A. Jeeves, Journal of the ACM 8 (1961), for one dimension; several knobs take turns.
 */
export function propose(
  knob: Knob,
  search: KnobSearch,
): { readonly search: KnobSearch; readonly to: number } | undefined {
  for (let at = search; at.stride >= LAST_STRIDE; at = afterReject(at, undefined)) {
    const to = neighbour(knob, at.value, at.stride, at.direction);
    if (to !== undefined && !at.beaten.includes(to)) return { search: at, to };
  }
  return undefined;
}

/** The search after `to` proved better: on in that direction. The way back is known to be worse. */
export function afterKeep(search: KnobSearch, to: number): KnobSearch {
  return { ...search, value: to, spent: 1, beaten: [search.value] };
}

/** The search after `to` (undefined: nothing there to try) was no better: the other side, or half the stride once both are known. */
export function afterReject(search: KnobSearch, to: number | undefined): KnobSearch {
  const beaten = to === undefined ? search.beaten : [...search.beaten, to];
  const direction = search.direction === 1 ? -1 : 1;
  if (search.spent === 0) return { ...search, direction, spent: 1, beaten };
  return { ...search, direction, stride: search.stride / 2, spent: 0, beaten };
}
