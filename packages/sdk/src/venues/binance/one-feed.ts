import type { StreamFeed } from "../../stream/socket-feed.ts";

/** All streams over one connection, which is there while any is wanted: `Shards` for what fits one. */
export class OneFeed {
  readonly #open: (names: readonly string[]) => StreamFeed;
  #feed: StreamFeed | undefined;

  constructor(open: (names: readonly string[]) => StreamFeed) {
    this.#open = open;
  }

  get feeds(): readonly StreamFeed[] {
    return this.#feed === undefined ? [] : [this.#feed];
  }

  /** Wants `names` too; resolves when they are subscribed. */
  async add(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    if (this.#feed === undefined) this.#feed = this.#open(names);
    else this.#feed.add(names);
    await this.#feed.whenReady();
  }

  /** Wants `names` no more; resolves when a connection that became empty is closed. */
  async remove(names: readonly string[]): Promise<void> {
    const feed = this.#feed;
    if (feed === undefined) return;
    const isLeft = [...feed.names].some((name) => !names.includes(name));
    if (isLeft) feed.remove(names);
    else await this.close();
  }

  refresh(names: readonly string[]): void {
    this.#feed?.refresh(names);
  }

  async close(): Promise<void> {
    const feed = this.#feed;
    this.#feed = undefined;
    await feed?.close();
  }
}
