import { InvalidInputError } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import { DuplicateEventKindError, UnknownEventKindError } from "../bus/errors.ts";
import type { EventDefinition } from "../bus/events.ts";
import type { EventKinds } from "../bus/kinds.ts";
import { compileLists } from "./compile.ts";
import type { HookEntry } from "./kinds.ts";
import { HookOwners, type OnFault } from "./owners.ts";
import { BailPoint, StrictWaterfallPoint, VotePoint, WaterfallPoint, type WaterfallSteps } from "./point.ts";
import {
  Between,
  type BetweenHooks,
  canGenerateCode,
  generateRunner,
  loopRunner,
  type Runner,
  SINCE,
  TRIGGER,
} from "./runner.ts";
import { NOTHING, RunnerTable } from "./runner-table.ts";

export interface DispatcherOptions extends BetweenHooks {
  /** Shared with the bus, so that both have the same numbers. */
  readonly kinds: EventKinds;
  /** In index order. */
  readonly instruments: readonly Instrument[];
  /** Names of plugins, by number. */
  readonly owners: readonly string[];
  readonly entries: readonly HookEntry[];
  /** Hooks that answer their caller, such as `intent`: what entries may name beside kinds of events. */
  readonly points?: readonly string[];
  readonly onFault: OnFault;
  /** False walks arrays, as where code from strings is forbidden. Found out when left out. */
  readonly generateCode?: boolean;
  /** Told apart from other dispatchers of the process in profiles and in what V8 learns. */
  readonly label?: string;
}

/** The handlers of one kind: in order, by instrument (and by owner, for what only an owner hears), and the code that calls them. */
interface Table {
  readonly lists: readonly (readonly HookEntry[])[];
  /** By the numbers of the handlers called. A list that a change leaves as it was keeps its code, and what V8 made of it. */
  readonly made: Map<string, Runner>;
}

/**
 * Calls hooks: events go to `notify` handlers, compiled into a flat array of functions per kind and instrument; values go to hooks that
 * answer (`waterfall`, `bail`, `vote`).
 *
 * Each handler has a try of its own, so that a bad plugin costs only itself. Faults are told and take effect by the handler's policy at
 * once: whom one switches off is not called again, for this event either. Other changes of who is called (`setActive`, `setShed`, `replace`)
 * take effect at the next handler where `afterHook` or `meter` is given, and with the next event where not.
 *
 * @example
 * const dispatcher = new Dispatcher({ kinds, instruments, owners, entries, clock, onFault });
 * dispatcher.dispatch(kinds.indexOf("quote"), quote, instrumentIndex, quote.receivedNs, clock.monotonicNs());
 */
export class Dispatcher extends RunnerTable {
  readonly #options: DispatcherOptions;
  readonly #owners: HookOwners;
  readonly #generates: boolean;
  readonly #between: Between;
  readonly #times: Float64Array;
  readonly #isTimed: boolean; // somebody looks at the times; compared with true, for a field's truth alone is a look at every type there is
  readonly #points = new Map<string, { update(lists: readonly (readonly HookEntry[])[]): void }>();
  #entries: readonly HookEntry[];
  #tables: (Table | undefined)[] = []; // by number of kind
  // What everybody hears is in the table that this is; what owners hear is here, [(kind * stride + instrument + 1) * owners + owner].
  #ownRunners: Runner[] = [];
  readonly #stride: number;
  #numbers = new Map<HookEntry, number>();
  #pointLists: ReadonlyMap<string, readonly (readonly HookEntry[])[]> = new Map();
  #numbered = 0; // entries that were ever given a number
  #generated = 0;

  /**
   * @throws {UnknownEventKindError} When an entry names neither a kind of event nor one of `points`.
   * @throws {DuplicateEventKindError} When a kind of event has the name of one of `points`.
   * @throws {HookOrderError} When the order asked for cannot be kept.
   */
  constructor(options: DispatcherOptions) {
    super(options.instruments.length);
    this.#options = options;
    this.#generates = options.generateCode ?? canGenerateCode();
    this.#owners = new HookOwners(options.owners, options.onFault, (owner) => this.#onFlags(owner));
    this.#between = new Between(options);
    this.#times = this.#between.times;
    this.#isTimed = options.meter !== undefined || options.afterHook !== undefined;
    this.#entries = [];
    this.#stride = options.instruments.length + 1;
    this.#take(options.entries);
  }

  /**
   * Calls the handlers for an event. One at a time: a handler must not dispatch, it publishes.
   *
   * @param instrumentIndex -1 for an event of no instrument: handlers that want certain ones do not hear of it.
   * @param triggerNs When what caused it was received, monotonic; NaN when unknown. For `afterHook`.
   * @param nowNs Monotonic time. For `meter`.
   */
  dispatch(kindIndex: number, event: unknown, instrumentIndex: number, triggerNs: number, nowNs: number): void {
    if (this.#isTimed === true) this.#setTimes(triggerNs, nowNs);
    const run = this[this.slotOf(kindIndex, instrumentIndex)];
    if (run !== undefined) run(event);
  }

  /** As `dispatch`, where nobody looks at times: for a host that plays many events one after the other. */
  call(kindIndex: number, event: unknown, instrumentIndex: number): void {
    const run = this[this.slotOf(kindIndex, instrumentIndex)];
    if (run !== undefined) run(event);
  }

  /** What `call` calls, until anything about who is called changes. */
  runnerOf(kindIndex: number, instrumentIndex: number): Runner {
    return this[this.slotOf(kindIndex, instrumentIndex)] ?? NOTHING;
  }

  /** As `dispatch`, for a kind whose audience is the owner of what it is about. */
  dispatchOwn(kindIndex: number, event: unknown, instrumentIndex: number, owner: number, nowNs: number): void {
    const at = (kindIndex * this.#stride + instrumentIndex + 1) * this.#owners.names.length + owner;
    if (this.#isTimed) this.#setTimes(Number.NaN, nowNs);
    const run = this.#ownRunners[at];
    if (run !== undefined) run(event);
  }

  /** True when somebody would be called. For kinds that everybody hears. */
  hears(kindIndex: number, instrumentIndex: number): boolean {
    return (this[this.slotOf(kindIndex, instrumentIndex)] ?? NOTHING) !== NOTHING;
  }

  /** The hook `name`, passing a value through its handlers. One point a name. */
  waterfall<Value>(name: string): WaterfallPoint<Value> {
    return this.#addPoint(name, new WaterfallPoint<Value>(name, this.#owners));
  }

  /** As `waterfall`, ended by the first handler that fails or is switched off. */
  strictWaterfall<Value>(name: string, steps: WaterfallSteps<Value>): StrictWaterfallPoint<Value> {
    return this.#addPoint(name, new StrictWaterfallPoint<Value>(name, this.#owners, steps));
  }

  /** The hook `name`, ending at the first answer. */
  bail<Value, Answer>(name: string): BailPoint<Value, Answer> {
    return this.#addPoint(name, new BailPoint<Value, Answer>(name, this.#owners));
  }

  /** The hook `name`, put to the vote. */
  vote<Value>(name: string): VotePoint<Value> {
    return this.#addPoint(name, new VotePoint<Value>(name, this.#owners));
  }

  /** Whether a plugin's handlers are called at all. @throws {InvalidInputError} When there is no such owner. */
  setActive(owner: number, isActive: boolean): void {
    this.#owners.setActive(owner, isActive);
  }

  isActive(owner: number): boolean {
    return this.#owners.active[owner] === 1;
  }

  /** Whether a plugin is spared the events of the normal and low lanes; those of its own orders still come. */
  setShed(owner: number, isShed: boolean): void {
    this.#owners.setShed(owner, isShed);
  }

  /** Calls nobody any more. */
  stop(): void {
    this.#owners.stop();
  }

  /** Puts a plugin's handlers in place of those it had: none takes them all away. Throws as the constructor, and then nothing has changed. */
  replace(owner: number, entries: readonly HookEntry[]): void {
    const first = this.#entries.findIndex((entry) => entry.owner === owner);
    const others = this.#entries.filter((entry) => entry.owner !== owner);
    // Where its first one stood: a plugin that was loaded anew keeps its turn among those that name no order.
    const at = first < 0 ? others.length : first;
    this.#take([...others.slice(0, at), ...entries, ...others.slice(at)]);
  }

  #setTimes(triggerNs: number, nowNs: number): void {
    this.#times[SINCE] = nowNs;
    this.#times[TRIGGER] = triggerNs;
  }

  #take(entries: readonly HookEntry[]): void {
    const { kinds, instruments, points = [], owners } = this.#options;
    const taken = points.find((name) => kinds.has(name));
    if (taken !== undefined) throw new DuplicateEventKindError(taken);
    for (const { kind, owner } of entries) {
      if (!kinds.has(kind) && !points.includes(kind))
        throw new UnknownEventKindError(kind, [...kinds.definitions.map((definition) => definition.kind), ...points]);
      if (owners[owner] === undefined) throw new InvalidInputError(`a hook of "${kind}" has no owner number ${owner}`);
    }
    const listsOf = (kind: string) =>
      compileLists(
        entries.filter((entry) => entry.kind === kind),
        instruments,
        owners,
      );
    const tables = kinds.definitions.map((definition, index): Table | undefined => {
      const lists = listsOf(definition.kind);
      if (lists.every((list) => list.length === 0)) return undefined;
      return {
        lists: definition.audience === "all" ? lists : byOwner(lists, owners.length),
        made: this.#tables[index]?.made ?? new Map(),
      };
    });
    const pointLists = points.map((name) => [name, listsOf(name)] as const);
    // Nothing throws from here on.
    this.#entries = entries;
    const numbers = this.#numbers;
    this.#numbers = new Map(entries.map((entry) => [entry, numbers.get(entry) ?? this.#numbered++]));
    this.#tables = tables;
    this.#ownRunners = new Array<Runner>(tables.length * this.#stride * owners.length).fill(NOTHING);
    for (const index of tables.keys()) this.#make(index);
    this.#pointLists = new Map(pointLists);
    for (const [name, point] of this.#points) point.update(this.#pointLists.get(name) ?? []);
  }

  #onFlags(owner: number): void {
    for (const [index, table] of this.#tables.entries()) {
      if (table?.lists.some((list) => owner < 0 || list.some((entry) => entry.owner === owner))) this.#make(index);
    }
  }

  /** Makes the code of one kind for who may be called now. */
  #make(index: number): void {
    const { definitions } = this.#options.kinds;
    const definition = definitions[index]!;
    const table = this.#tables[index];
    if (table === undefined) {
      for (let i = 0; i < this.#stride; i++) this[this.slotOf(index, i - 1)] = NOTHING;
      return;
    }
    const ownFrom = index * this.#stride * this.#owners.names.length;
    const mayCall = isSheddable(definition) ? this.#owners.unshed : this.#owners.active;
    const used = new Map<string, Runner>();
    for (const [at, list] of table.lists.entries()) {
      const called = list.filter(({ owner }) => mayCall[owner] === 1);
      const key = called.map((entry) => this.#numbers.get(entry)).join();
      const runner =
        called.length === 0
          ? NOTHING
          : (used.get(key) ?? table.made.get(key) ?? this.#runner(definition, called, mayCall));
      used.set(key, runner);
      table.made.set(key, runner);
      if (definition.audience === "owner") this.#ownRunners[ownFrom + at] = runner;
      else this[this.slotOf(index, at - 1)] = runner;
    }
    if (table.made.size > 4 * used.size + 64) {
      table.made.clear();
      for (const [key, runner] of used) table.made.set(key, runner);
    }
  }

  #runner(definition: EventDefinition, entries: readonly HookEntry[], mayCall: Uint8Array): Runner {
    const { label = "hooks" } = this.#options;
    const parts = { kind: definition.kind, entries, owners: this.#owners, mayCall, between: this.#between };
    if (!this.#generates) return loopRunner(parts);
    return generateRunner(parts, `${label} ${definition.kind} ${this.#generated++}`);
  }

  #addPoint<Point extends { update(lists: readonly (readonly HookEntry[])[]): void }>(
    name: string,
    point: Point,
  ): Point {
    const lists = this.#pointLists.get(name);
    if (lists === undefined) throw new InvalidInputError(`"${name}" is not among this dispatcher's points`);
    if (this.#points.has(name)) throw new InvalidInputError(`the point "${name}" has been made before`);
    this.#points.set(name, point);
    point.update(lists);
    return point;
  }
}

/** Market data and analytics are spared when a plugin is too slow. */
function isSheddable({ lane }: EventDefinition): boolean {
  return lane === "normal" || lane === "low";
}

/** Splits each list by owner: `[list * owners + owner]`. */
function byOwner(lists: readonly (readonly HookEntry[])[], owners: number): readonly (readonly HookEntry[])[] {
  return lists.flatMap((list) =>
    Array.from({ length: owners }, (_, owner) => list.filter((entry) => entry.owner === owner)),
  );
}
