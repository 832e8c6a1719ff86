/** What a table finds: every frame of its stream begins with these bytes. */
export interface Prefixed {
  /** `{"stream":"NAME","data":{`. */
  readonly prefix: Uint8Array;
}

/** Longer ones are not looked up; Binance's have some 50 bytes. */
const LONGEST_PREFIX = 128;

/**
 * Finds a frame's stream by its first bytes, without making a string of them: a hash table of names, every byte compared.
 *
 * @example
 * const routes = new ScanRoutes<Prefixed>();
 * routes.add({ prefix: prefixOf("btcusdt@trade") });
 * routes.find(frame)?.prefix.length; // where the data begins
 */
export class ScanRoutes<R extends Prefixed> {
  #slots: (R | undefined)[] = new Array<R | undefined>(16).fill(undefined);
  #count = 0;
  #last: R | undefined; // the one found last: frames of one stream often follow each other

  get count(): number {
    return this.#count;
  }

  /** Adds a route; of two for one stream the first is found. */
  add(route: R): void {
    if (2 * this.#count >= this.#slots.length) this.#grow();
    this.#put(route);
    this.#count++;
  }

  /** The route of a frame; undefined when its first bytes are those of none. */
  find(data: Uint8Array): R | undefined {
    const last = this.#last;
    if (last !== undefined && beginsWith(data, last.prefix)) return last;
    const hash = hashOf(data);
    if (hash < 0) return undefined;
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const route = slots[slot];
      if (route === undefined) return undefined;
      if (!beginsWith(data, route.prefix)) continue;
      this.#last = route;
      return route;
    }
  }

  #put(route: R): void {
    const mask = this.#slots.length - 1;
    let slot = hashOf(route.prefix) & mask;
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & mask;
    this.#slots[slot] = route;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Array<R | undefined>(old.length * 2).fill(undefined);
    for (const route of old) if (route !== undefined) this.#put(route);
  }
}

/** The first bytes of a stream's frames; undefined for a name that JSON would write with an escape, or that is too long. */
export function prefixOf(stream: string): Uint8Array | undefined {
  const prefix = Buffer.from(`{"stream":"${stream}","data":{`);
  const hasEscape = JSON.stringify(stream).length !== stream.length + 2;
  return hasEscape || prefix.length > LONGEST_PREFIX ? undefined : prefix;
}

/** A number of the name's bytes, 0 to 2^31 - 1; -1 when there is none where one should be. */
function hashOf(data: Uint8Array): number {
  // The name begins behind {"stream":" and whatever else stands there is found by the comparison.
  let hash = 0;
  for (let at = 11; at < 128; at++) {
    const byte = data[at] as number;
    if (byte === 34) return (hash ^ (hash >>> 15)) & 0x7fffffff;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return -1;
}

/** All of `prefix`, byte by byte; what is the same in every prefix is written out, which halves its cost. */
function beginsWith(data: Uint8Array, prefix: Uint8Array): boolean {
  const end = prefix.length - 10;
  for (let i = 11; i < end; i++) if (data[i] !== prefix[i]) return false;
  return (
    // {"stream":"
    data[0] === 0x7b &&
    data[1] === 0x22 &&
    data[2] === 0x73 &&
    data[3] === 0x74 &&
    data[4] === 0x72 &&
    data[5] === 0x65 &&
    data[6] === 0x61 &&
    data[7] === 0x6d &&
    data[8] === 0x22 &&
    data[9] === 0x3a &&
    data[10] === 0x22 &&
    // ","data":{
    data[end] === 0x22 &&
    data[end + 1] === 0x2c &&
    data[end + 2] === 0x22 &&
    data[end + 3] === 0x64 &&
    data[end + 4] === 0x61 &&
    data[end + 5] === 0x74 &&
    data[end + 6] === 0x61 &&
    data[end + 7] === 0x22 &&
    data[end + 8] === 0x3a &&
    data[end + 9] === 0x7b
  );
}
