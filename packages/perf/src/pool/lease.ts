import { DoubleReleaseError } from "../flow/semaphore.ts";

/** A resource lent to one caller, until `release` or `discard`. */
export interface Lease<T> {
  readonly resource: T;
  /** Gives it back. @throws {DoubleReleaseError} When it was given back or discarded before. */
  release(): void;
  /** Gives it back to be closed, because it is broken. Throws as `release`. */
  discard(): void;
}

/** A lease that tells `giveBack`, once, how it ended. */
export class HeldLease<T> implements Lease<T> {
  readonly resource: T;
  #giveBack: ((isBroken: boolean) => void) | undefined;

  constructor(resource: T, giveBack: (isBroken: boolean) => void) {
    this.resource = resource;
    this.#giveBack = giveBack;
  }

  release(): void {
    this.#end(false);
  }

  discard(): void {
    this.#end(true);
  }

  #end(isBroken: boolean): void {
    const giveBack = this.#giveBack;
    if (giveBack === undefined) throw new DoubleReleaseError("this resource was given back before");
    this.#giveBack = undefined;
    giveBack(isBroken);
  }
}
