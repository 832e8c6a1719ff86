import type { Instrument } from "@pitlane/sdk";
import type { HookKind } from "../plugins/define.ts";

/** A registered hook. `instrument` undefined means all. */
export interface HookEntry {
  readonly kind: HookKind;
  readonly instrument: Instrument | undefined;
  /** Index of the plugin that owns it. */
  readonly owner: number;
  readonly handler: (event: never) => void;
}

/** Hooks of one kind and instrument, in order of registration: two flat arrays that dispatch walks side by side. */
export interface CompiledHooks {
  readonly handlers: readonly ((event: unknown) => void)[];
  readonly owners: readonly number[];
}

const NONE: CompiledHooks = { handlers: [], owners: [] };

/**
 * Resolves filters once, after start: `table[kind][instrumentIndex]` is all a dispatch has to look at. Pure.
 *
 * @param instruments In index order.
 */
export function compileHooks(
  entries: readonly HookEntry[],
  instruments: readonly Instrument[],
): Readonly<Record<HookKind, readonly CompiledHooks[]>> {
  const of = (kind: HookKind): CompiledHooks[] =>
    instruments.map((instrument) => {
      const wanted = entries.filter(
        (entry) => entry.kind === kind && (entry.instrument === undefined || entry.instrument === instrument),
      );
      if (wanted.length === 0) return NONE;
      return {
        handlers: wanted.map((entry) => entry.handler as (event: unknown) => void),
        owners: wanted.map((entry) => entry.owner),
      };
    });
  return {
    quote: of("quote"),
    book: of("book"),
    trade: of("trade"),
    gap: of("gap"),
    resync: of("resync"),
    order: of("order"),
    fill: of("fill"),
  };
}
