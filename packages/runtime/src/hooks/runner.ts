import type { Clock } from "@pitlane/perf";
import { HookReturnedPromiseError } from "./errors.ts";
import type { HookEntry } from "./kinds.ts";
import { type HookOwners, ignoreRejection, isPromise } from "./owners.ts";

/** Calls the handlers of one kind for one instrument. */
export type Runner = (event: unknown) => void;

/** What happens between handlers. All of it is optional, and what is left out costs nothing. */
export interface BetweenHooks {
  /** Runs after each handler, to act on what it asked for; returns true when it did something, so that this is not metered. */
  readonly afterHook?: ((owner: number, triggerNs: number) => unknown) | undefined;
  /** Given the time that each handler took. */
  readonly meter?: ((owner: number, kind: string, elapsedNs: number) => void) | undefined;
  /** For `meter`: one reading for each handler. */
  readonly clock: Pick<Clock, "monotonicNs">;
}

// Times of the event that is dispatched. Numbers that go through a call of a function that V8 does not inline are boxed; these are not.
export const SINCE = 0; // when the handler that runs was called, monotonic
export const TRIGGER = 1; // when what caused the event was received
const TIMES = 2;

/** `BetweenHooks` of one dispatcher, made ready for runners. */
export class Between {
  readonly times: Float64Array = new Float64Array(TIMES);
  readonly afterHook: BetweenHooks["afterHook"];
  /** Meters the handler that has just returned; undefined when nobody wants it. */
  readonly lap: ((owner: number, kind: string) => void) | undefined;
  /** Leaves what happened since then unmetered. */
  readonly skip: () => void;

  constructor({ afterHook, meter, clock }: BetweenHooks) {
    const { times } = this;
    this.afterHook = afterHook;
    // Functions of their own, rather than statements of each runner: large ones are where V8 no longer inlines the reading of the clock.
    this.lap =
      meter === undefined
        ? undefined
        : (owner, kind) => {
            const nowNs = clock.monotonicNs();
            const elapsedNs = nowNs - times[SINCE]!;
            times[SINCE] = nowNs;
            meter(owner, kind, elapsedNs);
          };
    this.skip = () => {
      times[SINCE] = clock.monotonicNs();
    };
  }
}

export interface RunnerParts {
  readonly kind: string;
  /** In the order in which they are called. */
  readonly entries: readonly HookEntry[];
  readonly owners: HookOwners;
  /** 1 for the owners that may be called: `owners.active` or `owners.unshed`. */
  readonly mayCall: Uint8Array;
  readonly between: Between;
}

// Above this many handlers a generated function is too large to be worth its compilation.
const MOST_UNROLLED = 64;

/** False where the process forbids code from strings (`--disallow-code-generation-from-strings`). */
export function canGenerateCode(): boolean {
  try {
    new Function("");
    return true;
  } catch (error) {
    if (error instanceof EvalError) return false;
    throw error;
  }
}

/** A runner that walks an array: the meaning of a generated one, and what it falls back on. */
export function loopRunner(parts: RunnerParts): Runner {
  const loop = createLoop(parts);
  return (event) => loop(event, 0);
}

/**
 * A runner with a statement for each handler, so that V8 can inline them: each handler has its own call site, where a loop has one for all.
 *
 * Handlers are called in a `try` of their own, which costs nothing until one throws. After a fault the rest of the event is finished by
 * a loop, which looks at every owner's flags again: whom the fault has switched off is not called. Otherwise flags are looked at here
 * only where the host is called between handlers; a change of flags has the dispatcher make a new runner for the next event.
 *
 * @param label Makes the source unlike any other: functions of the same source share what V8 learns of them.
 */
export function generateRunner(parts: RunnerParts, label: string): Runner {
  const { entries, between, mayCall, kind } = parts;
  if (entries.length > MOST_UNROLLED) return loopRunner(parts);
  const { afterHook, lap, skip, times } = between;
  const isMetered = lap !== undefined;
  const isInterrupted = isMetered || afterHook !== undefined;
  const statements = entries.map(({ owner }, i) =>
    isInterrupted
      ? `
        if (mayCall[${owner}] !== 0) {
          try { answer = h${i}(event); } catch (error) { answer = undefined; threw(${i}, error); }
          if (answer !== undefined) answered(${i}, answer);
          ${isMetered ? `lap(${owner}, kind);` : ""}
          ${afterHook === undefined ? "" : afterHookCall(owner, isMetered, afterHook.length)}
        }`
      : `
        try { answer = h${i}(event); } catch (error) { threw(${i}, error); return loop(event, ${i + 1}); }
        if (answer !== undefined && answered(${i}, answer)) return loop(event, ${i + 1});`,
  );
  const tools = {
    kind,
    mayCall,
    times,
    lap,
    skip,
    afterHook,
    loop: createLoop(parts),
    threw: (position: number, error: unknown) => threw(parts, position, error),
    answered: (position: number, answer: unknown) => answered(parts, position, answer),
  };
  // Constants rather than parameters: V8 takes their values as given, without a look at each call.
  const source = `"use strict"; // ${label.replace(/[^\w ./:-]/g, "_")}
    const { ${Object.keys(tools).join(", ")} } = tools;
    const [${entries.map((_, i) => `h${i}`).join(", ")}] = handlers;
    return function run(event) {
      let answer;${statements.join("")}
    };`;
  const handlers = entries.map(({ handler }) => handler);
  return new Function("tools", "handlers", source)(tools, handlers) as Runner;
}

/** One that asks for nothing is given nothing: a time that V8 does not see through would be a box for each hook. */
function afterHookCall(owner: number, isMetered: boolean, parameters: number): string {
  const call = parameters === 0 ? "afterHook()" : `afterHook(${owner}, times[${TRIGGER}])`;
  return isMetered ? `if (${call} === true) skip();` : `${call};`;
}

type Loop = (event: unknown, from: number) => void;

/** Calls the handlers from a position on, looking at the flags of every owner. */
function createLoop(parts: RunnerParts): Loop {
  const { entries, mayCall, between, kind } = parts;
  const { afterHook, lap, skip, times } = between;
  const handlers = entries.map(({ handler }) => handler as (event: unknown) => unknown);
  const owners = Uint16Array.from(entries, ({ owner }) => owner);
  return (event, from) => {
    for (let i = from; i < handlers.length; i++) {
      if (mayCall[owners[i]!] === 0) continue;
      let answer: unknown;
      try {
        answer = handlers[i]!(event);
      } catch (error) {
        threw(parts, i, error);
      }
      if (answer !== undefined) answered(parts, i, answer);
      if (lap !== undefined) lap(owners[i]!, kind);
      if (afterHook !== undefined && afterHook(owners[i]!, times[TRIGGER]!) === true && lap !== undefined) skip();
    }
  };
}

function threw({ owners, entries, kind }: RunnerParts, position: number, error: unknown): void {
  const { owner, onError = "isolate" } = entries[position]!;
  owners.fault(owner, kind, error, onError);
}

/** True when an answer is a fault: anything but a promise is ignored. */
function answered(parts: RunnerParts, position: number, answer: unknown): boolean {
  if (!isPromise(answer)) return false;
  ignoreRejection(answer);
  threw(parts, position, new HookReturnedPromiseError(parts.kind));
  return true;
}
