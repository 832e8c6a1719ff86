/** One accepted order, as the public ledger shows it. */
export interface AcceptedOrder {
  /** Whose: an account's index; 1 is the first account, 0 the house, which has none here. */
  readonly account: number;
  readonly symbol: string;
  readonly orderId: number;
  readonly clientOrderId: string;
  /** Region whose port it came through; "" for one that came through none. */
  readonly region: string;
  /** When it was accepted, microseconds since the epoch. */
  readonly acceptedUs: number;
}

const CHUNK = 4096;

interface Chunk {
  readonly accounts: Uint32Array;
  readonly markets: Uint32Array;
  readonly regions: Uint8Array;
  readonly orderIds: Float64Array;
  readonly acceptedUs: Float64Array;
  readonly clientOrderIds: string[];
}

/**
 * Every order ever accepted from an account, in order. Never shortened: a judge of "sent twice" must not forget.
 *
 * Kept in columns of 4096 rows, 33 bytes an order besides the text of its id, and nothing for the garbage collector to walk but that
 * text. What an id was used for is indexed when somebody asks, not when the order comes in.
 *
 *   accounts | markets | regions | order ids | times | client ids      one chunk after another, rows never move
 */
export class AcceptedOrders {
  readonly #symbols: readonly string[];
  readonly #chunks: Chunk[] = [];
  readonly #regions: string[] = [""]; // in the order they came
  #region = 0; // of what is accepted now, by its place there
  #size = 0;
  readonly #rowsById = new Map<string, number[]>(); // of the first #indexed rows
  readonly #repeated: number[] = []; // rows whose account, symbol and id came before
  #indexed = 0;

  /** @param symbols The markets' symbols; `add` takes a place in this list. */
  constructor(symbols: readonly string[]) {
    this.#symbols = symbols;
  }

  /** How many were ever accepted. */
  get size(): number {
    return this.#size;
  }

  /** What is accepted from now on came through this region's port. There are at most 255 of them. */
  through(region: string): void {
    if (this.#regions[this.#region] === region) return;
    const known = this.#regions.indexOf(region);
    this.#region = known < 0 ? this.#regions.push(region) - 1 : known;
  }

  /** Writes down an order of the market at `market` in the list of symbols. */
  add(account: number, market: number, orderId: number, clientOrderId: string, acceptedUs: number): void {
    const row = this.#size & (CHUNK - 1);
    let chunk = this.#chunks[this.#chunks.length - 1];
    if (row === 0 || chunk === undefined) {
      chunk = newChunk();
      this.#chunks.push(chunk);
    }
    chunk.accounts[row] = account;
    chunk.markets[row] = market;
    chunk.regions[row] = this.#region;
    chunk.orderIds[row] = orderId;
    chunk.acceptedUs[row] = acceptedUs;
    chunk.clientOrderIds.push(clientOrderId);
    this.#size++;
  }

  /** Rows `from` up to, not including, `to`; all of them unless told. */
  list(from = 0, to = this.#size): AcceptedOrder[] {
    const orders: AcceptedOrder[] = [];
    for (let row = Math.max(0, from); row < Math.min(to, this.#size); row++) orders.push(this.#at(row));
    return orders;
  }

  /** Every acceptance of that client id, by any account in any market, in order. */
  find(clientOrderId: string): AcceptedOrder[] {
    this.#index();
    return (this.#rowsById.get(clientOrderId) ?? []).map((row) => this.#at(row));
  }

  /**
   * The orders whose account had used that client id in that market before: each is either an id used again after its order was
   * done, which the venue allows, or an order that was sent twice.
   */
  repeated(): AcceptedOrder[] {
    this.#index();
    return this.#repeated.map((row) => this.#at(row));
  }

  #index(): void {
    for (; this.#indexed < this.#size; this.#indexed++) {
      const row = this.#indexed;
      const chunk = this.#chunks[row >>> 12]!;
      const id = chunk.clientOrderIds[row & (CHUNK - 1)]!;
      const rows = this.#rowsById.get(id);
      if (rows === undefined) {
        this.#rowsById.set(id, [row]);
        continue;
      }
      if (rows.some((before) => this.#isSamePlace(before, row))) this.#repeated.push(row);
      rows.push(row);
    }
  }

  #isSamePlace(a: number, b: number): boolean {
    const chunkA = this.#chunks[a >>> 12]!;
    const chunkB = this.#chunks[b >>> 12]!;
    const rowA = a & (CHUNK - 1);
    const rowB = b & (CHUNK - 1);
    return chunkA.accounts[rowA] === chunkB.accounts[rowB] && chunkA.markets[rowA] === chunkB.markets[rowB];
  }

  #at(row: number): AcceptedOrder {
    const chunk = this.#chunks[row >>> 12]!;
    const at = row & (CHUNK - 1);
    return {
      account: chunk.accounts[at]!,
      symbol: this.#symbols[chunk.markets[at]!]!,
      orderId: chunk.orderIds[at]!,
      clientOrderId: chunk.clientOrderIds[at]!,
      region: this.#regions[chunk.regions[at]!]!,
      acceptedUs: chunk.acceptedUs[at]!,
    };
  }
}

function newChunk(): Chunk {
  return {
    accounts: new Uint32Array(CHUNK),
    markets: new Uint32Array(CHUNK),
    regions: new Uint8Array(CHUNK),
    orderIds: new Float64Array(CHUNK),
    acceptedUs: new Float64Array(CHUNK),
    clientOrderIds: [],
  };
}
