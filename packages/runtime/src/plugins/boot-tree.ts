/** How one plugin was started. */
export interface BootNode {
  readonly name: string;
  readonly version: string;
  /** How long its config check and setup took, in nanoseconds. */
  readonly elapsedNs: number;
  /** Names of the plugins whose capabilities it uses. */
  readonly uses: readonly string[];
  readonly provides: readonly string[];
  /** In a worker thread of its own. */
  readonly worker: boolean;
}

/**
 * The plugins as a tree, in the order they were started, with their times. One that several use is written out under the first and
 * marked with `*` under the others. Pure.
 *
 * @example
 * console.log(formatBootTree(host.bootTree));
 * // pitlane 1.0.0, 2 plugins in 1.5 ms
 * // └─ trend 1.0.0 (0.4 ms)
 * //    └─ vwap 1.0.0 (1.1 ms) provides vwap
 */
export function formatBootTree(nodes: readonly BootNode[], version: string): string {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const used = new Set(nodes.flatMap((node) => node.uses));
  const totalNs = nodes.reduce((sum, { elapsedNs }) => sum + elapsedNs, 0);
  const plugins = nodes.length === 1 ? "1 plugin" : `${nodes.length} plugins`;
  const lines = [`pitlane ${version}, ${plugins} in ${ms(totalNs)} ms`];
  const written = new Set<string>();
  const write = (node: BootNode, indent: string, isLast: boolean) => {
    const isAgain = written.has(node.name);
    written.add(node.name);
    const provides = node.provides.length === 0 ? "" : ` provides ${node.provides.join(", ")}`;
    const where = node.worker ? " in a worker" : "";
    const about = isAgain ? " *" : ` ${node.version} (${ms(node.elapsedNs)} ms)${where}${provides}`;
    lines.push(`${indent}${isLast ? "└─" : "├─"} ${node.name}${about}`);
    if (isAgain) return;
    for (const [index, name] of node.uses.entries()) {
      const child = byName.get(name);
      if (child !== undefined) write(child, `${indent}${isLast ? "   " : "│  "}`, index === node.uses.length - 1);
    }
  };
  const roots = nodes.filter(({ name }) => !used.has(name));
  for (const [index, root] of roots.entries()) write(root, "", index === roots.length - 1);
  return lines.join("\n");
}

function ms(ns: number): string {
  return (ns / 1e6).toFixed(1);
}
