import { encode } from "@msgpack/msgpack";
import type { TokenMarket } from "../../models/axiom-market.ts";
import type { Token } from "../../models/axiom-token.ts";
import type { Peer } from "../peer.ts";
import type { Reader } from "../protocol.ts";
import { parseMessage } from "./messages.ts";
import { passes } from "./pulse-filter.ts";
import { type PulseRow, TABLES, type TableName } from "./pulse-rows.ts";
import { changesOf, MOST_TABLE_ROWS, type PulseTables } from "./pulse-tables.ts";
import { recordOf } from "./route.ts";

export interface PulseSocketOptions {
  readonly peer: Peer;
  readonly market: TokenMarket;
  readonly tables: PulseTables;
  readonly format: "msgpack" | "json";
  readonly onClose: (socket: PulseSocket) => void;
}

/** The rows of a table by pair. */
type Rows = Map<string, PulseRow>;

const FRAME = { tables: 0, change: 1, add: 2, remove: 3, unlist: 4 } as const;
const FRAME_NAMES = ["tables", "change", "add", "remove", "unlist"];

/**
 * One connection to the Pulse socket: it is silent until the client says what it wants in `userState`; then come all rows wanted (frame 0),
 * and what changes of them (1 to 3). A later `userState`, which may be a part, starts over with frame 0.
 *
 * Tables not named are not wanted. Tokens on the client's blacklist are left out; when one of them is traded no more, its entry may go
 * (frame 4). Source: the site's Pulse worker, for frames and rows.
 */
export class PulseSocket implements Reader {
  readonly #options: PulseSocketOptions;
  readonly #shown: Record<TableName, Rows> = {
    newPairs: new Map(),
    finalStretch: new Map(),
    migrated: new Map(),
  };
  #state: Readonly<Record<string, unknown>> | undefined; // the client's, once it has sent one

  constructor(options: PulseSocketOptions) {
    this.#options = options;
  }

  onMessage(data: Buffer): void {
    const { type, state } = parseMessage(data);
    if (type !== "userState") return;
    this.#state = { ...this.#state, ...recordOf(state) };
    this.#replace();
  }

  onClose(): void {
    this.#options.onClose(this);
  }

  /** Some pair was traded, is new, or is gone. */
  update(): void {
    if (this.#state === undefined) return;
    for (const table of TABLES) this.#updateTable(table);
  }

  /** A pair is traded no more. */
  onRetired({ facts }: Token): void {
    const blacklist = recordOf(this.#state?.["blacklist"]);
    if (`ca-${facts.tokenAddress}` in blacklist) this.#send([FRAME.unlist, facts.tokenAddress]);
    this.update();
  }

  #replace(): void {
    const tables: Record<string, PulseRow[]> = {};
    for (const table of TABLES) {
      this.#shown[table] = new Map(); // what passed before may pass no more
      this.#shown[table] = this.#wanted(table);
      tables[table] = [...this.#shown[table].values()];
    }
    this.#send([FRAME.tables, tables]);
  }

  #updateTable(table: TableName): void {
    const shown = this.#shown[table];
    const wanted = this.#wanted(table);
    for (const pair of shown.keys()) if (!wanted.has(pair)) this.#send([FRAME.remove, [table, pair]]);
    for (const [pair, row] of wanted) {
      const before = shown.get(pair);
      if (before === undefined) this.#send([FRAME.add, [table, row]]);
      else if (before !== row) {
        const changes = changesOf(before, row);
        if (changes.length > 0) this.#send([FRAME.change, pair, changes]);
      }
    }
    this.#shown[table] = wanted;
  }

  // Rows that passed already and have not changed are taken over: a filter on age lets them stay.
  #wanted(table: TableName): Rows {
    const { market, tables } = this.#options;
    const state = recordOf(this.#state);
    const wanted = new Map<string, PulseRow>();
    if (recordOf(state["tables"])[table] !== true) return wanted;
    const filter = recordOf(recordOf(state["filters"])[table]);
    const blacklist = recordOf(state["blacklist"]);
    for (const token of tables.tokens(table)) {
      const { pairAddress, tokenAddress } = token.facts;
      if (wanted.size >= MOST_TABLE_ROWS) break;
      if (`ca-${tokenAddress}` in blacklist && state["showHiddenPulseTokens"] !== true) continue;
      const row = tables.row(token);
      if (this.#shown[table].get(pairAddress) === row || passes(filter, row, market.nowMs, market.coins.SOL)) {
        wanted.set(pairAddress, row);
      }
    }
    return wanted;
  }

  #send(frame: readonly unknown[]): void {
    const { peer, format } = this.#options;
    peer.send(format === "json" ? JSON.stringify(frame) : encode(frame), FRAME_NAMES[frame[0] as number]!);
  }
}
