import type { Instrument } from "@pitlane/sdk";
import type { BarEvery } from "../engines/bar-every.ts";
import type { NamedVerdict, Verdict } from "./verdict.ts";

/** `pre` before `normal` before `post`, whatever names are given. */
export type HookStage = "pre" | "normal" | "post";

/**
 * What an error of a handler costs, its promise too. `isolate`: nothing but that call. `quarantine`: its plugin is called no more. `halt`: no
 * plugin is called any more.
 */
export type ErrorPolicy = "isolate" | "quarantine" | "halt";

/**
 * A handler of a hot hook: synchronous. One that returns a promise does not type-check, and where types are not looked at it is a fault
 * when it is called.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a result of `void` alone would let a promise pass
export type NotifyHandler<Value> = (value: Value) => void | undefined;

type NoPromise<Value> = Value extends PromiseLike<unknown> ? never : Value;

/** Returns the value that the next handler gets; nothing to leave it as it is. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that changes nothing returns nothing
export type WaterfallHandler<Value> = (value: Value) => NoPromise<Value> | undefined | void;

/** Returns the answer, or nothing to leave it to the next. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that knows no answer returns nothing
export type BailHandler<Value, Answer> = (value: Value) => NoPromise<Answer> | undefined | void;

export type VoteHandler<Value> = (value: Value) => Verdict;

/** What all voters said. */
export interface Ballot {
  readonly allowed: boolean;
  /** In the order in which they were asked. */
  readonly verdicts: readonly NamedVerdict[];
}

/** Where among the other handlers of its hook one is called. Names are of plugins; those that are not there do not matter. */
export interface HookPlace {
  /** Default `normal`. */
  readonly stage?: HookStage | undefined;
  /** Before these plugins' handlers. */
  readonly before?: readonly string[] | undefined;
  /** After these plugins' handlers. */
  readonly after?: readonly string[] | undefined;
}

/** A registered handler. */
export interface HookEntry extends HookPlace {
  /** A kind of event, or the name of a hook such as `intent`. */
  readonly kind: string;
  /** One instrument, or several; all when undefined. */
  readonly instrument: Instrument | readonly Instrument[] | undefined;
  /** Number of the plugin that owns it. */
  readonly owner: number;
  readonly handler: (value: never) => unknown;
  /** Of a hook of bars: those made of trades that it wants. The venue's own when left out. */
  readonly every?: BarEvery | undefined;
  /** Default `isolate`. */
  readonly onError?: ErrorPolicy | undefined;
  /** Its owner makes do without such events. Default false. */
  readonly optional?: boolean | undefined;
}
