import { bondingPercent } from "../../models/axiom-births.ts";
import type { TokenMarket } from "../../models/axiom-market.ts";
import type { Token } from "../../models/axiom-token.ts";
import { type PulseRow, pulseRow, type TableName, tableOf } from "./pulse-rows.ts";

/** Most rows of one Pulse table; ours, as the venue's cap is unknown. */
export const MOST_TABLE_ROWS = 50;

/** The Pulse tables of a market, each row worked out once for all who see it. */
export class PulseTables {
  readonly #market: TokenMarket;
  readonly #rows = new WeakMap<Token, { readonly version: number; readonly row: PulseRow }>();

  constructor(market: TokenMarket) {
    this.#market = market;
  }

  /** The pairs of a table: the newest first, or those nearest to the end of their bonding curve. */
  tokens(table: TableName): Token[] {
    const tokens = [...this.#market.tokens].filter((token) => tableOf(token) === table);
    return tokens.sort(
      table === "finalStretch"
        ? (a, b) => bondingPercent(b) - bondingPercent(a)
        : (a, b) => b.facts.createdAtMs - a.facts.createdAtMs,
    );
  }

  /** The row of a pair: the same array until the pair changes. */
  row(token: Token): PulseRow {
    const known = this.#rows.get(token);
    if (known !== undefined && known.version === token.version) return known.row;
    const row = pulseRow(token, this.#market);
    this.#rows.set(token, { version: token.version, row });
    return row;
  }
}

/** What changed from row to row, as `[index, value]`. */
export function changesOf(before: readonly unknown[], after: readonly unknown[]): [index: number, value: unknown][] {
  const changes: [number, unknown][] = [];
  for (let i = 0; i < after.length; i++) if (!isSame(before[i], after[i])) changes.push([i, after[i]]);
  return changes;
}

// Objects in a row are made anew each time, and say the same in the same order.
function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));
}
