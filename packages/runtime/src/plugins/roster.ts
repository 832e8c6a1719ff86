import { InvalidInputError } from "@pitlane/perf";
import { VERSION } from "../version.ts";
import type { BootNode } from "./boot-tree.ts";
import { isPluginName, type Plugin } from "./define.ts";
import { nameOf, type PluginEntry } from "./entry.ts";
import { orderPlugins } from "./order.ts";
import type { Registrations } from "./services.ts";
import type { Running } from "./starter.ts";

export interface RosterOptions {
  readonly entries: readonly PluginEntry[];
  /** Capabilities of the runtime itself. */
  readonly provides?: Readonly<Record<string, { readonly version: string; readonly handle: unknown }>>;
  /** This program's version, unless told. */
  readonly version?: string;
}

/** An order to start plugins in, and for each the owners whose capabilities it uses. */
export type StartOrder = ReturnType<typeof orderPlugins>;

/** The plugins of a host: who they are, in what order they start, which run, and what they provide to each other. Owners are indexes of `entries`. */
export class Roster {
  readonly entries: readonly PluginEntry[];
  readonly names: readonly string[];
  /** By owner; those that are not started yet are missing. */
  readonly running: Running[] = [];
  /** By owner: it was taken out. */
  readonly isOut: boolean[];
  readonly #options: RosterOptions;
  #started: StartOrder;

  /**
   * @throws {InvalidInputError} When a name cannot be.
   * @throws {PluginBootError} As `orderPlugins`.
   */
  constructor(options: RosterOptions) {
    const { entries } = options;
    this.#options = options;
    this.entries = entries;
    this.names = entries.map(nameOf);
    const bad = this.names.find((name) => !isPluginName(name));
    if (bad !== undefined)
      throw new InvalidInputError(
        `a plugin's name must be kebab case, such as "my-strategy"; got ${JSON.stringify(bad)}`,
      );
    this.#started = this.#orderOf(entries.map(({ plugin }) => plugin));
    this.isOut = entries.map(() => false);
  }

  /** Owners, in the order they are started. */
  get order(): readonly number[] {
    return this.#started.order;
  }

  /** What all plugins registered, in the order they were started. */
  get registrations(): Registrations {
    const scopes = this.order.map((owner) => this.running[owner]!.scope);
    return { hooks: scopes.flatMap(({ hooks }) => hooks), votes: scopes.flatMap(({ votes }) => votes) };
  }

  get bootTree(): readonly BootNode[] {
    const { order, uses } = this.#started;
    return order.map((owner) => {
      const { plugin, elapsedNs, worker } = this.running[owner]!;
      return {
        name: this.names[owner]!,
        version: plugin.version,
        elapsedNs,
        uses: uses[owner]!.map((used) => this.names[used]!),
        provides: plugin.provides.map(({ capability }) => capability),
        worker: worker !== undefined,
      };
    });
  }

  /** The entry that a plugin runs by, or is to be started by. */
  entryOf(owner: number): PluginEntry {
    return (this.running[owner] ?? { entry: this.entries[owner]! }).entry;
  }

  /** The order with `plugin` as the code of `owner`. @throws {PluginBootError} As `orderPlugins`. */
  orderWith(owner: number, plugin: Plugin): StartOrder {
    return this.#orderOf(this.running.map((one, at) => (at === owner ? plugin : one.plugin)));
  }

  /** The plugins that run were started in this order. */
  reorder(started: StartOrder): void {
    this.#started = started;
  }

  /**
   * The handle of a capability; undefined when nothing that runs provides it.
   *
   * @param fresh Plugins that are to take the place of those that run, by owner: theirs come first.
   */
  capability(name: string, fresh?: ReadonlyMap<number, Running>): unknown {
    const own = this.#options.provides?.[name];
    if (own !== undefined) return own.handle;
    for (const [owner, running] of this.running.entries()) {
      const { scope } = fresh?.get(owner) ?? running ?? {};
      if (scope?.provided.has(name)) return scope.provided.get(name);
    }
    return undefined;
  }

  #orderOf(plugins: readonly Plugin[]): StartOrder {
    const { version = VERSION, provides = {} } = this.#options;
    const ground = Object.entries(provides).map(([capability, own]) => ({ capability, version: own.version }));
    return orderPlugins(
      plugins.map((plugin, owner) => ({ ...plugin, name: this.names[owner]! })),
      { version, provides: ground },
    );
  }
}
