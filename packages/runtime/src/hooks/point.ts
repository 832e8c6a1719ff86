import { HookReturnedPromiseError, NoVerdictError } from "./errors.ts";
import type { Ballot, HookEntry } from "./kinds.ts";
import { type HookOwners, ignoreRejection, isPromise } from "./owners.ts";
import { deny, isVerdict, type NamedVerdict, type Verdict } from "./verdict.ts";

/** A hook that answers its caller: its handlers in order, by number of instrument + 1. Calls are rare beside events, so it loops. */
class HookPoint {
  readonly name: string;
  readonly owners: HookOwners;
  #lists: readonly (readonly HookEntry[])[] = [];
  #isEmpty = true;

  constructor(name: string, owners: HookOwners) {
    this.name = name;
    this.owners = owners;
  }

  /** Takes a new set of handlers: for calls that begin afterwards. */
  update(lists: readonly (readonly HookEntry[])[]): void {
    this.#lists = lists;
    this.#isEmpty = lists.every((list) => list.length === 0);
  }

  /** True while no handler is there for any instrument: a call would give the value back. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  protected handlers(instrumentIndex: number): readonly HookEntry[] {
    return this.#lists[instrumentIndex + 1] ?? [];
  }

  protected isActive({ owner }: HookEntry): boolean {
    return this.owners.active[owner] === 1;
  }

  /** What a handler answers; undefined when it failed, which is told. */
  protected ask({ handler, owner, onError = "isolate" }: HookEntry, value: unknown): unknown {
    try {
      const answer = (handler as (value: unknown) => unknown)(value);
      if (!isPromise(answer)) return answer;
      ignoreRejection(answer);
      throw new HookReturnedPromiseError(this.name);
    } catch (error) {
      this.owners.fault(owner, this.name, error, onError);
      return undefined;
    }
  }
}

/** Passes a value through its handlers: each may return another, a failing one leaves it as it was. */
export class WaterfallPoint<Value> extends HookPoint {
  call(value: Value, instrumentIndex: number): Value {
    let result = value;
    for (const entry of this.handlers(instrumentIndex)) {
      if (!this.isActive(entry)) continue;
      const next = this.ask(entry, result);
      if (next !== undefined) result = next as Value;
    }
    return result;
  }
}

/** What a strict waterfall does beside passing a value on. */
export interface WaterfallSteps<Value> {
  /** The value that a handler's answer makes of the one before. What it throws is a fault of that handler. */
  take(value: Value, answer: unknown, owner: number): Value;
  /** A handler has returned, or thrown: for whoever measures. */
  called(owner: number): void;
  /** A handler failed with `error`; `undefined` when it was not called, as its plugin has been switched off. Nothing more is called. */
  broke(owner: number, error: unknown): void;
}

/**
 * A waterfall for what must not go on unchanged when a handler fails: the first that does, or that is switched off, ends it.
 *
 */
export class StrictWaterfallPoint<Value> extends HookPoint {
  readonly #steps: WaterfallSteps<Value>;

  constructor(name: string, owners: HookOwners, steps: WaterfallSteps<Value>) {
    super(name, owners);
    this.#steps = steps;
  }

  /** The value after all handlers; undefined when one broke it. @param about What handlers are told beside the value. */
  call(value: Value, instrumentIndex: number, about: unknown): Value | undefined {
    const steps = this.#steps;
    let result = value;
    for (const { owner, handler, onError = "isolate" } of this.handlers(instrumentIndex)) {
      if (this.owners.active[owner] !== 1) {
        steps.broke(owner, undefined);
        return undefined;
      }
      try {
        const answer = (handler as (value: never, about?: unknown) => unknown)(result as never, about);
        if (isPromise(answer)) {
          ignoreRejection(answer);
          throw new HookReturnedPromiseError(this.name);
        }
        if (answer !== undefined) result = steps.take(result, answer, owner);
      } catch (error) {
        steps.broke(owner, error);
        this.owners.fault(owner, this.name, error, onError);
        return undefined;
      } finally {
        steps.called(owner);
      }
    }
    return result;
  }
}

/** Asks handlers until one answers; undefined when none does. */
export class BailPoint<Value, Answer> extends HookPoint {
  call(value: Value, instrumentIndex: number): Answer | undefined {
    for (const entry of this.handlers(instrumentIndex)) {
      if (!this.isActive(entry)) continue;
      const answer = this.ask(entry, value);
      if (answer !== undefined) return answer as Answer;
    }
    return undefined;
  }
}

/**
 * Asks every voter: all are heard, any veto denies, every verdict is kept.
 *
 * What goes wrong denies: an error, an answer that is no verdict, and a voter whose plugin has been switched off, for a check that is
 * no longer made must not count as passed.
 */
export class VotePoint<Value> extends HookPoint {
  call(value: Value, instrumentIndex: number): Ballot {
    const verdicts: NamedVerdict[] = [];
    let allowed = true;
    for (const entry of this.handlers(instrumentIndex)) {
      const verdict = this.#verdictOf(entry, value);
      verdicts.push({ voter: this.owners.names[entry.owner] ?? "", verdict });
      allowed &&= verdict.allowed;
    }
    return { allowed, verdicts };
  }

  #verdictOf(entry: HookEntry, value: Value): Verdict {
    const { owner, handler, onError = "isolate" } = entry;
    const name = this.owners.names[owner] ?? "";
    if (!this.isActive(entry)) return deny("VOTER_INACTIVE", `${name} has been switched off and cannot vote`);
    try {
      const verdict = (handler as (value: unknown) => unknown)(value);
      if (isVerdict(verdict)) return verdict;
      if (!isPromise(verdict)) throw new NoVerdictError(this.name, verdict);
      ignoreRejection(verdict);
      throw new HookReturnedPromiseError(this.name);
    } catch (error) {
      this.owners.fault(owner, this.name, error, onError);
      return deny("VOTER_FAILED", `${name} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
