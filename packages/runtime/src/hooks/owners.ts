import { integerInRange } from "@pitlane/perf";
import type { ErrorPolicy } from "./kinds.ts";

const MAX_OWNERS = 1024;

/**
 * Told of a handler's fault: what it threw, or that it returned a promise. Runs between hooks, when the policy has taken effect. Must not
 * throw.
 */
export type OnFault = (owner: number, kind: string, error: unknown, policy: ErrorPolicy) => void;

/** Who may be called: plugins by number, each called or not, and shed or not. */
export class HookOwners {
  readonly names: readonly string[];
  /** 1 while the plugin is called at all. */
  readonly active: Uint8Array;
  /** 1 while it is called for what can be shed. */
  readonly unshed: Uint8Array;
  readonly #shed: Uint8Array;
  readonly #onFault: OnFault;
  readonly #onChange: (owner: number) => void;

  /** @param onChange Told of the plugin whose flags have changed; of -1 when all have. */
  constructor(names: readonly string[], onFault: OnFault, onChange: (owner: number) => void) {
    integerInRange("number of plugins", names.length, 0, MAX_OWNERS);
    this.names = names;
    this.active = new Uint8Array(names.length).fill(1);
    this.unshed = new Uint8Array(names.length).fill(1);
    this.#shed = new Uint8Array(names.length);
    this.#onFault = onFault;
    this.#onChange = onChange;
  }

  setActive(owner: number, isActive: boolean): void {
    this.#set(owner, isActive, this.#shed[this.#checked(owner)] === 1);
  }

  setShed(owner: number, isShed: boolean): void {
    this.#set(owner, this.active[this.#checked(owner)] === 1, isShed);
  }

  stop(): void {
    this.active.fill(0);
    this.unshed.fill(0);
    this.#onChange(-1);
  }

  /** Lets the policy take effect, and tells. */
  fault(owner: number, kind: string, error: unknown, policy: ErrorPolicy): void {
    if (policy === "quarantine") this.setActive(owner, false);
    else if (policy === "halt") this.stop();
    this.#onFault(owner, kind, error, policy);
  }

  #set(owner: number, isActive: boolean, isShed: boolean): void {
    this.active[owner] = isActive ? 1 : 0;
    this.#shed[owner] = isShed ? 1 : 0;
    this.unshed[owner] = isActive && !isShed ? 1 : 0;
    this.#onChange(owner);
  }

  #checked(owner: number): number {
    return integerInRange("owner", owner, 0, this.names.length - 1);
  }
}

/** True for what `await` would wait for. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { readonly then?: unknown }).then === "function"
  );
}

/** Nobody will wait for it, so its rejection must not end the process. */
export function ignoreRejection(promise: PromiseLike<unknown>): void {
  promise.then(undefined, () => {});
}
