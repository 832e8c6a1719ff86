import type { Clock } from "../clock.ts";
import type { ResourcePoolOptions } from "./resource-pool-options.ts";

/** An open resource, and when it is to be closed: at `expiresNs`, or for being idle too long. */
export interface Entry<T> {
  readonly resource: T;
  readonly expiresNs: number;
  idleSinceNs: number;
}

/** Opens, checks and closes single resources, and reports what of it fails unless a caller is told. */
export class ResourceHandler<T> {
  readonly #options: Pick<ResourcePoolOptions<T>, "create" | "destroy" | "check" | "onError">;
  readonly #recycleAfterNs: number;
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly hasCheck: boolean;

  constructor(options: ResourcePoolOptions<T>, recycleAfterNs: number) {
    this.#options = options;
    this.#recycleAfterNs = recycleAfterNs;
    this.#clock = options.clock;
    this.hasCheck = options.check !== undefined;
  }

  /** Throws as `create`. */
  async open(signal: AbortSignal): Promise<Entry<T>> {
    const resource = await this.#options.create(signal);
    const openedNs = this.#clock.monotonicNs();
    return { resource, expiresNs: openedNs + this.#recycleAfterNs, idleSinceNs: openedNs };
  }

  /** Whether an idle one may be lent: it is not too old, and passes its check. */
  async mayLend({ resource, expiresNs }: Entry<T>, signal: AbortSignal): Promise<boolean> {
    if (this.#clock.monotonicNs() >= expiresNs) return false;
    try {
      return this.#options.check === undefined || (await this.#options.check(resource, signal));
    } catch (error) {
      if (error !== signal.reason) this.report(error, "check");
      return false; // one that was cut off may have left the resource in the middle of something
    }
  }

  async close({ resource }: Entry<T>): Promise<void> {
    try {
      await this.#options.destroy(resource);
    } catch (error) {
      this.report(error, "destroy");
    }
  }

  report(error: unknown, during: "create" | "check" | "destroy"): void {
    this.#options.onError(error, during);
  }
}
