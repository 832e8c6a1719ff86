import { InvalidInputError, integerInRange } from "@pitlane/perf";
import { checkList } from "../checks.ts";

/**
 * `items` in pieces of at most `cap`, in order: what a venue takes in one call.
 *
 * @throws {InvalidInputError} When `items` is no list, or `cap` not a whole number from 1 to 100,000.
 */
export function split<T>(items: readonly T[], cap: number): readonly (readonly T[])[] {
  checkList("items", items);
  integerInRange("cap", cap, 1, 100_000);
  if (items.length <= cap) return items.length === 0 ? [] : [items];
  const pieces: (readonly T[])[] = [];
  for (let from = 0; from < items.length; from += cap) pieces.push(items.slice(from, from + cap));
  return pieces;
}

/** @throws {InvalidInputError} When `items` is no list, or there are no items, or more than `most`. */
export function checkBatch(name: string, items: readonly unknown[], most: number): void {
  checkList(name, items);
  if (items.length >= 1 && items.length <= most) return;
  throw new InvalidInputError(`${name} must have 1 to ${most} items, got ${items.length}`);
}
