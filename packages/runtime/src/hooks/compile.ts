import type { Instrument } from "@pitlane/sdk";
import type { HookKind } from "../plugins/define.ts";
import type { HookEntry } from "./kinds.ts";
import { orderHooks } from "./order.ts";

export type { HookEntry } from "./kinds.ts";

/**
 * Resolves order and filters of one hook. Pure.
 *
 * @param instruments In index order.
 * @param names Of plugins, by number.
 * @returns The handlers for what has no instrument, then those for each instrument.
 * @throws {HookOrderError} When the order asked for cannot be kept.
 */
export function compileLists(
  entries: readonly HookEntry[],
  instruments: readonly Instrument[],
  names: readonly string[],
): readonly (readonly HookEntry[])[] {
  const ordered = orderHooks(entries, names);
  return [undefined, ...instruments].map((instrument) => ordered.filter((entry) => wants(entry, instrument)));
}

function wants({ instrument: wanted }: HookEntry, instrument: Instrument | undefined): boolean {
  if (wanted === undefined) return true;
  if (instrument === undefined) return false;
  return Array.isArray(wanted) ? wanted.includes(instrument) : wanted === instrument;
}

/** Hooks of one kind and instrument, in order of registration. */
export interface CompiledHooks {
  readonly handlers: readonly ((event: unknown) => void)[];
  readonly owners: readonly number[];
}

const KINDS = ["quote", "book", "trade", "bar", "gap", "resync", "order", "fill"] as const;

/** The handlers of one plugin alone, `table[kind][instrumentIndex]`: for a host that calls them itself. Pure. */
export function compileHooks(
  entries: readonly HookEntry[],
  instruments: readonly Instrument[],
): Readonly<Record<HookKind | (typeof KINDS)[number], readonly CompiledHooks[]>> {
  const of = (kind: string): CompiledHooks[] =>
    compileLists(
      entries.filter((entry) => entry.kind === kind),
      instruments,
      [],
    )
      .slice(1)
      .map((list) => ({
        handlers: list.map(({ handler }) => handler as (event: unknown) => void),
        owners: list.map(({ owner }) => owner),
      }));
  return Object.fromEntries(KINDS.map((kind) => [kind, of(kind)])) as Record<
    HookKind | (typeof KINDS)[number],
    CompiledHooks[]
  >;
}
