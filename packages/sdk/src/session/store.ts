import { InvalidInputError } from "@pitlane/perf";
import { checkMethods } from "../checks.ts";

/** Where a session outlives its process. */
export interface SessionStore<S> {
  /** Whether other processes may write to it: a refused refresh is then looked up once more before the session is given up. Default false. */
  readonly isShared?: boolean;
  /** What was saved last, by anyone; undefined when nothing is. @throws {SessionStoreError} When it cannot be read. */
  load(signal?: AbortSignal): Promise<S | undefined>;
  /** Saves `session` whole. Saves of one store take effect in the order of their calls. @throws {SessionStoreError} When it cannot be written. */
  save(session: S): Promise<void>;
  /** Forgets what is saved. @throws {SessionStoreError} When it cannot be removed. */
  clear(): Promise<void>;
}

/** @throws {InvalidInputError} When `store` lacks a method; names begin with `name`. */
export function checkStore(name: string, store: SessionStore<unknown>): void {
  checkMethods(name, store, "load", "save", "clear");
}

/** What a store keeps of `session`. @throws {InvalidInputError} When JSON cannot hold it; never showing any of it. */
export function sessionText(session: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(session);
  } catch {} // a circle, or a bigint: the words of JSON would name its fields
  if (text === undefined) throw new InvalidInputError("session must be what JSON can hold");
  return text;
}

/** A store that ends with its process. The session is kept as a copy, so that a later change of the original does not reach it. */
export function memoryStore<S>(): SessionStore<S> {
  let saved: string | undefined; // JSON, as in any other store: what does not survive it is missed here and not in production
  return {
    load: async (signal) => {
      signal?.throwIfAborted();
      return saved === undefined ? undefined : (JSON.parse(saved) as S);
    },
    save: async (session) => {
      saved = sessionText(session);
    },
    clear: async () => {
      saved = undefined;
    },
  };
}
