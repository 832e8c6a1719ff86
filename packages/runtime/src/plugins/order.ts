import { PluginBootError } from "./errors.ts";
import { checkRange, type Need, type Provision, satisfies } from "./needs.ts";

/** What ordering looks at of a plugin. */
export interface PluginNode {
  /** Name of the instance, unique in a session. */
  readonly name: string;
  readonly version: string;
  /** Versions of the runtime it was written for; any when left out. */
  readonly pitlane: string | undefined;
  readonly requires: readonly Need[];
  readonly optional: readonly Need[];
  readonly provides: readonly Provision[];
}

/** The runtime that plugins are started on. */
export interface PluginGround {
  readonly version: string;
  /** Capabilities that the runtime itself has. */
  readonly provides: readonly Provision[];
}

interface Provider extends Provision {
  /** Undefined for the runtime itself. */
  readonly node: number | undefined;
  readonly by: string;
}

/**
 * The order to start plugins in: each after those whose capabilities it needs, otherwise as they were given. Pure.
 *
 * @returns Indexes of `nodes`, and for each node those whose capabilities it uses.
 * @throws {PluginBootError} For two of one name, two providers of one capability, a need that nothing or the wrong version meets, a
 *   runtime of the wrong version, or needs that go in a circle.
 */
export function orderPlugins(
  nodes: readonly PluginNode[],
  ground: PluginGround,
): { readonly order: readonly number[]; readonly uses: readonly (readonly number[])[] } {
  checkNames(nodes);
  for (const node of nodes) checkHost(node, ground);
  const providers = collect(nodes, ground);
  const uses = nodes.map((node, index) => edgesOf(node, index, providers));
  const order: number[] = [];
  const state = new Uint8Array(nodes.length); // 0 not seen, 1 on the way, 2 placed
  const way: number[] = [];
  const place = (index: number) => {
    if (state[index] === 2) return;
    if (state[index] === 1) throw cycle(nodes, [...way.slice(way.indexOf(index)), index]);
    state[index] = 1;
    way.push(index);
    for (const used of uses[index]!) place(used);
    way.pop();
    state[index] = 2;
    order.push(index);
  };
  for (let index = 0; index < nodes.length; index++) place(index);
  return { order, uses };
}

function checkNames(nodes: readonly PluginNode[]): void {
  const names = nodes.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new PluginBootError("PLUGIN_DUPLICATE", `two strategies are named ${twice}`, {
      path: [twice, twice],
      fix: "give one of them another name",
    });
}

function checkHost({ name, pitlane }: PluginNode, { version }: PluginGround): void {
  if (pitlane === undefined) return;
  checkRange(name, "its range of pitlane versions", pitlane);
  if (!satisfies(version, pitlane))
    throw new PluginBootError("PLUGIN_HOST_VERSION", `${name} is written for pitlane ${pitlane}, this is ${version}`, {
      path: [name, "pitlane"],
      fix: `install a version of ${name} for pitlane ${version}, or a pitlane that fits`,
    });
}

function collect(nodes: readonly PluginNode[], ground: PluginGround): ReadonlyMap<string, Provider> {
  const providers = new Map<string, Provider>();
  const add = (provider: Provider) => {
    const other = providers.get(provider.capability);
    if (other !== undefined && other.node !== provider.node)
      throw new PluginBootError(
        "PLUGIN_DUPLICATE_PROVIDER",
        `${other.by} and ${provider.by} both provide ${provider.capability}`,
        { path: [other.by, provider.capability, provider.by], fix: "leave one of them out" },
      );
    providers.set(provider.capability, provider);
  };
  for (const provision of ground.provides) add({ ...provision, node: undefined, by: "pitlane" });
  for (const [node, { name, version, provides }] of nodes.entries()) {
    add({ capability: name, version, node, by: name });
    for (const provision of provides) add({ ...provision, node, by: name });
  }
  return providers;
}

function edgesOf(node: PluginNode, index: number, providers: ReadonlyMap<string, Provider>): readonly number[] {
  const edges: number[] = [];
  for (const { capability, range } of [...node.requires, ...node.optional]) {
    const provider = providers.get(capability);
    if (provider === undefined) {
      if (!node.requires.some((need) => need.capability === capability)) continue;
      throw new PluginBootError("PLUGIN_MISSING_NEED", `${node.name} requires ${capability}, which nothing provides`, {
        path: [node.name, capability],
        fix: `add a plugin that provides ${capability}`,
      });
    }
    if (!satisfies(provider.version, range))
      throw new PluginBootError(
        "PLUGIN_NEED_VERSION",
        `${node.name} requires ${capability} ${range}, and ${provider.by} provides ${provider.version}`,
        {
          path: [node.name, capability, provider.by],
          fix: `install versions of ${node.name} and ${provider.by} that fit`,
        },
      );
    if (provider.node === index)
      throw new PluginBootError("PLUGIN_CYCLE", `${node.name} requires ${capability}, which it provides itself`, {
        path: [node.name, node.name],
        fix: "remove it from what it requires",
      });
    if (provider.node !== undefined && !edges.includes(provider.node)) edges.push(provider.node);
  }
  return edges;
}

function cycle(nodes: readonly PluginNode[], way: readonly number[]): PluginBootError {
  const path = way.map((index) => nodes[index]!.name);
  return new PluginBootError("PLUGIN_CYCLE", `plugins need each other in a circle (${path.join(" -> ")})`, {
    path,
    fix: `move what both use into a plugin of its own`,
  });
}
