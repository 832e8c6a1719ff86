import { DuplicateEventKindError, TooManyEventKindsError, UnknownEventKindError } from "./errors.ts";
import { BUILT_IN_EVENTS, type EventDefinition } from "./events.ts";

/** Kinds of events that a session has room for, the runtime's own among them. */
export const MOST_KINDS = 128;

/**
 * The kinds of events of one session, numbered from 0 in order of definition: bus and dispatcher index flat arrays by these numbers.
 *
 * @example
 * const kinds = new EventKinds();
 * kinds.indexOf("quote"); // 5
 */
export class EventKinds {
  readonly #definitions: EventDefinition[] = [];
  readonly #indexes = new Map<string, number>();

  /** @param definitions The runtime's own kinds when left out. */
  constructor(definitions: readonly EventDefinition[] = BUILT_IN_EVENTS) {
    for (const definition of definitions) this.define(definition);
  }

  get size(): number {
    return this.#definitions.length;
  }

  /** In order of their numbers. */
  get definitions(): readonly EventDefinition[] {
    return this.#definitions;
  }

  /**
   * Adds a kind and returns its number.
   *
   * @throws {DuplicateEventKindError} When there is one of that name.
   * @throws {TooManyEventKindsError} When there are 128: dispatchers have room for no more.
   */
  define(definition: EventDefinition): number {
    if (this.#indexes.has(definition.kind)) throw new DuplicateEventKindError(definition.kind);
    if (this.#definitions.length === MOST_KINDS) throw new TooManyEventKindsError(definition.kind, MOST_KINDS);
    const index = this.#definitions.push(definition) - 1;
    this.#indexes.set(definition.kind, index);
    return index;
  }

  has(kind: string): boolean {
    return this.#indexes.has(kind);
  }

  /** Number of a kind. @throws {UnknownEventKindError} When nobody has defined it. */
  indexOf(kind: string): number {
    const index = this.#indexes.get(kind);
    if (index === undefined) throw new UnknownEventKindError(kind, [...this.#indexes.keys()]);
    return index;
  }
}
