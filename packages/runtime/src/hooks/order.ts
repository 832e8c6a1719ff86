import { HookOrderError } from "./errors.ts";
import type { HookEntry, HookPlace, HookStage } from "./kinds.ts";

const STAGES: Readonly<Record<HookStage, number>> = { pre: 0, normal: 1, post: 2 };

type Placed = HookPlace & Pick<HookEntry, "kind" | "owner">;

/**
 * Puts the handlers of one hook in the order in which they are called: by stage, then as their before and after names ask, then in order
 * of registration. Pure.
 *
 * @param names Of plugins, by number.
 * @throws {HookOrderError} When names go round in a circle, or contradict stages.
 */
export function orderHooks<Entry extends Placed>(
  entries: readonly Entry[],
  names: readonly string[],
): readonly Entry[] {
  const nameOf = (entry: Entry) => names[entry.owner] ?? "";
  const stageOf = (entry: Entry) => STAGES[entry.stage ?? "normal"];
  // followers[i]: those that must come after entry i
  const followers = entries.map((): Set<number> => new Set());
  const addAll = (from: number, wanted: readonly string[] | undefined, isBefore: boolean) => {
    for (const name of wanted ?? []) {
      entries.forEach((other, to) => {
        if (nameOf(other) !== name || other.owner === entries[from]!.owner) return;
        const [first, second] = isBefore ? [from, to] : [to, from];
        if (stageOf(entries[first]!) > stageOf(entries[second]!)) throw contradiction(entries[from]!, other, isBefore);
        followers[first]!.add(second);
      });
    }
  };
  const contradiction = (entry: Entry, other: Entry, isBefore: boolean) =>
    new HookOrderError(
      `"${entry.kind}" hooks: ${nameOf(entry)} (${entry.stage ?? "normal"}) asks to be ${isBefore ? "before" : "after"} ` +
        `${nameOf(other)} (${other.stage ?? "normal"}), but stages come first: move one of them to the other's stage`,
      [nameOf(entry), nameOf(other)],
    );
  entries.forEach((entry, i) => {
    addAll(i, entry.before, true);
    addAll(i, entry.after, false);
  });
  return sorted(entries, followers, stageOf, nameOf);
}

/** Takes, again and again, the first registered of the lowest stage that waits for nobody. */
function sorted<Entry extends Placed>(
  entries: readonly Entry[],
  followers: readonly ReadonlySet<number>[],
  stageOf: (entry: Entry) => number,
  nameOf: (entry: Entry) => string,
): readonly Entry[] {
  const waitsFor = entries.map(() => 0);
  for (const set of followers) for (const to of set) waitsFor[to]! += 1;
  const left = new Set(entries.keys());
  const order: Entry[] = [];
  while (left.size > 0) {
    let next = -1;
    for (const i of left) {
      if (waitsFor[i] === 0 && (next < 0 || stageOf(entries[i]!) < stageOf(entries[next]!))) next = i;
    }
    if (next < 0) throw cycleAmong(left, entries, followers, nameOf);
    left.delete(next);
    for (const to of followers[next]!) waitsFor[to]! -= 1;
    order.push(entries[next]!);
  }
  return order;
}

function cycleAmong<Entry extends Placed>(
  left: ReadonlySet<number>,
  entries: readonly Entry[],
  followers: readonly ReadonlySet<number>[],
  nameOf: (entry: Entry) => string,
): HookOrderError {
  // Every one that is left waits for another that is left: going back from one to the other must meet one twice.
  const path: number[] = [];
  let at = [...left][0]!;
  while (!path.includes(at)) {
    path.unshift(at);
    at = [...left].find((from) => followers[from]!.has(at))!;
  }
  const cycle = [at, ...path.slice(0, path.indexOf(at) + 1)].map((i) => nameOf(entries[i]!));
  return new HookOrderError(
    `"${entries[at]!.kind}" hooks cannot be ordered: ${cycle.join(" before ")}; take one of their before or after names out`,
    cycle,
  );
}
