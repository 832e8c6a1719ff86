import { integerInRange } from "@pitlane/perf";

/** The connections of one shard, and what they are subscribed to. */
export interface ShardFeed {
  add(names: readonly string[]): void;
  remove(names: readonly string[]): void;
  refresh(names: readonly string[]): void;
  /** Resolves when everything wanted is subscribed. */
  whenReady(): Promise<void>;
  close(): Promise<void>;
}

export interface ShardsOptions<F extends ShardFeed> {
  /** Most names of a shard: the venue's limit for a connection; 1 to 1,000,000. */
  readonly most: number;
  /** Names of one group stay in one shard where they fit: streams of one instrument, say. */
  readonly groupOf: (name: string) => string;
  /** Opens a shard that is subscribed to `names` from the start. */
  readonly open: (names: readonly string[]) => F;
}

interface Shard<F> {
  readonly names: Set<string>;
  readonly feed: F;
}

/**
 * Spreads names over as many connections as the venue's limit asks for: more can be wanted than one may have.
 *
 * A shard that is empty is closed. Names are not moved once they are placed: that would tear a hole.
 *
 * @example
 * const shards = new Shards({ most: 1_024, groupOf: (name) => name.split("@")[0] ?? "", open: (names) => openFeed(names) });
 * await shards.add(["btcusdt@trade", "btcusdt@bookTicker"]);
 */
export class Shards<F extends ShardFeed> {
  readonly #options: ShardsOptions<F>;
  readonly #shards = new Set<Shard<F>>();

  /** @throws {InvalidInputError} When `most` is out of range. */
  constructor(options: ShardsOptions<F>) {
    integerInRange("most", options.most, 1, 1_000_000);
    this.#options = options;
  }

  /** The open shards. */
  get feeds(): readonly F[] {
    return [...this.#shards].map(({ feed }) => feed);
  }

  /** Wants `names` too; resolves when they are subscribed. */
  async add(names: readonly string[]): Promise<void> {
    const { most, groupOf, open } = this.#options;
    const shards = [...this.#shards];
    const missing = names.filter((name) => !shards.some((shard) => shard.names.has(name)));
    const placed = place(
      shards.map((shard) => shard.names),
      missing,
      most,
      groupOf,
    );
    const changed = placed.map((added, i) => {
      const shard = shards[i];
      if (shard === undefined) {
        const feed = open(added);
        this.#shards.add({ names: new Set(added), feed });
        return feed;
      }
      if (added.length === 0) return undefined;
      for (const name of added) shard.names.add(name);
      shard.feed.add(added);
      return shard.feed;
    });
    await Promise.all(changed.map((feed) => feed?.whenReady()));
  }

  /** Wants `names` no more; resolves when shards that became empty are closed. */
  async remove(names: readonly string[]): Promise<void> {
    const closing: Promise<void>[] = [];
    for (const shard of this.#shards) {
      const fewer = names.filter((name) => shard.names.delete(name));
      if (fewer.length === 0) continue;
      if (shard.names.size > 0) shard.feed.remove(fewer);
      else {
        this.#shards.delete(shard);
        closing.push(shard.feed.close());
      }
    }
    await Promise.all(closing);
  }

  /** Subscribes to `names` anew, where they are. */
  refresh(names: readonly string[]): void {
    for (const shard of this.#shards) {
      const here = names.filter((name) => shard.names.has(name));
      if (here.length > 0) shard.feed.refresh(here);
    }
  }

  /** Closes all of them. */
  async close(): Promise<void> {
    const closing = [...this.#shards].map(({ feed }) => feed.close());
    this.#shards.clear();
    await Promise.all(closing);
  }
}

/**
 * Which shard gets which of `names`: the i-th list is for the i-th shard, lists beyond the last one are for new shards. Pure.
 *
 * A group goes where it has names already, else to the first shard with room for all of it, else it is split.
 */
export function place(
  shards: readonly ReadonlySet<string>[],
  names: readonly string[],
  most: number,
  groupOf: (name: string) => string,
): readonly string[][] {
  const placed: string[][] = shards.map(() => []);
  const sizes = shards.map((shard) => shard.size);
  const homes = new Map<string, number>();
  shards.forEach((shard, i) => {
    for (const name of shard) if (!homes.has(groupOf(name))) homes.set(groupOf(name), i);
  });
  const groups = new Map<string, string[]>();
  for (const name of new Set(names)) {
    const group = groups.get(groupOf(name));
    if (group === undefined) groups.set(groupOf(name), [name]);
    else group.push(name);
  }
  const put = (i: number, some: readonly string[]) => {
    const list = placed[i] ?? [];
    placed[i] = list;
    list.push(...some);
    sizes[i] = (sizes[i] ?? 0) + some.length;
  };
  for (const [group, members] of groups) {
    const home = homes.get(group);
    let rest: readonly string[] = members;
    if (home !== undefined) {
      const room = most - (sizes[home] ?? 0);
      put(home, rest.slice(0, room));
      rest = rest.slice(room);
    }
    while (rest.length > 0) {
      const fits = sizes.findIndex((size) => size + Math.min(rest.length, most) <= most);
      const i = fits < 0 ? sizes.length : fits;
      put(i, rest.slice(0, most));
      rest = rest.slice(most);
    }
  }
  return placed;
}
