import { toAllocationTree } from "./allocation-tree.ts";
import type { FlameFrame, FlameTree, FlameUnit, FrameKind } from "./flame-frame.ts";
import { FLAME_SCRIPT, FLAME_STYLE } from "./flame-page.ts";
import { toFlameTree } from "./flame-tree.ts";
import type { AllocationProfile, CpuProfile } from "./profiler.ts";

const KINDS: readonly FrameKind[] = ["app", "dependency", "node", "gc", "native"];

/** What the page's script draws. Flat and callers first, so that a stack's depth costs no recursion; names are listed once. */
interface PageData {
  readonly unit: FlameUnit;
  readonly kinds: readonly FrameKind[];
  readonly texts: readonly string[];
  /** Of each frame: depth, name (of `texts`), place (of `texts`), kind (of `kinds`), self and total in `unit`. */
  readonly frames: readonly (readonly number[])[];
}

/**
 * A CPU profile or an allocation profile as one HTML page: a flame graph with the callers on top, in which width is time,
 * or bytes that were alive at the end. Pure.
 *
 * The page loads nothing from elsewhere. A click or Enter zooms into a frame, Escape goes back, arrows move between
 * frames, `/` searches names and files; colours tell the program's own code from dependencies, Node, the collector and
 * native code. Idle time is only stated. The page shows function names and file paths: mind whom you give it to.
 *
 * @param profile The content of a `.cpuprofile` or of a `.heapprofile`.
 * @param title Heading of the page; the profile's kind unless told.
 * @throws {InvalidInputError} When `profile` lacks samples, times or sizes, or contradicts itself.
 * @example
 * const profile = JSON.parse(await readFile(path, "utf8"));
 * await writeFile("flame.html", flameGraphHtml(profile, "Replay of Monday"));
 */
export function flameGraphHtml(profile: CpuProfile | AllocationProfile, title = titleOf(profile)): string {
  const { tree, facts } = "head" in profile ? allocations(profile) : times(profile);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${FLAME_STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${facts.join(" · ")}</p>
<div class="tools">
<input id="search" type="search" placeholder="Search a function or file ( / )" aria-label="Search a function or file">
<button id="reset" type="button">Show all</button>
<output id="found"></output>
</div>
<ul id="legend" aria-label="Colours"></ul>
</header>
<main id="graph" role="tree" aria-label="Flame graph, callers above callees"></main>
<footer id="detail" aria-live="polite">Point at a frame, or move with the arrow keys. Enter zooms in, Escape goes back.</footer>
<noscript>This page draws its graph with a script; allow scripts to see it.</noscript>
<script type="application/json" id="data">${toScriptText(toPageData(tree))}</script>
<script>${FLAME_SCRIPT}</script>
</body>
</html>
`;
}

function titleOf(profile: CpuProfile | AllocationProfile): string {
  return "head" in profile ? "Allocation profile" : "CPU profile";
}

function times(profile: CpuProfile): { tree: FlameTree; facts: string[] } {
  const tree = toFlameTree(profile);
  const { root, idleUs } = tree;
  const samples = `${profile.samples?.length ?? 0} samples`;
  return {
    tree,
    facts: [`${ms(root.total + idleUs)} profiled`, `${ms(root.total)} busy`, `${ms(idleUs)} idle`, samples],
  };
}

function allocations(profile: AllocationProfile): { tree: FlameTree; facts: string[] } {
  const tree = toAllocationTree(profile);
  return { tree, facts: [`${(tree.root.total / 1024).toFixed(1)} KiB alive at the end, estimated from samples`] };
}

function toPageData({ unit, root }: FlameTree): PageData {
  const texts: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (text: string) => {
    let number = numbers.get(text);
    if (number === undefined) {
      number = texts.push(text) - 1;
      numbers.set(text, number);
    }
    return number;
  };
  const frames: number[][] = [];
  const left: { frame: FlameFrame; depth: number }[] = [{ frame: root, depth: 0 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { frame, depth } = next;
    const { name, place, kind, self, total, children } = frame;
    frames.push([depth, numberOf(name), numberOf(place), KINDS.indexOf(kind), self, total]);
    for (const child of children.toReversed()) left.push({ frame: child, depth: depth + 1 });
  }
  return { unit, kinds: KINDS, texts, frames };
}

/** As JSON that cannot end the script element it stands in. */
function toScriptText(data: PageData): string {
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

function ms(us: number): string {
  return `${(us / 1000).toFixed(us < 100_000 ? 1 : 0)} ms`;
}
