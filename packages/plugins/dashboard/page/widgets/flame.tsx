import { useMemo, useState } from "preact/hooks";
import type { ProfileTree } from "../../src/protocol.ts";
import { bytes, duration, percent } from "../lib/format.ts";
import { Table } from "./basic.tsx";

type Frame = ProfileTree["root"];

interface Cell {
  readonly frame: Frame;
  readonly depth: number;
  /** Shares of the graph's width. */
  readonly left: number;
  readonly width: number;
  readonly path: readonly number[];
}

/** Whose code a frame is; its title says so as well. */
const KINDS: readonly (readonly [Frame["kind"], string])[] = [
  ["app", "the session's own"],
  ["dependency", "its packages"],
  ["node", "Node"],
  ["native", "native"],
  ["gc", "garbage collection"],
];

const NARROWEST = 0.002; // of the width: what is thinner is left out, as it could be neither read nor hit
const DEEPEST = 80;
const ROW_PX = 20;

/** How a profile's figures are written, and what they are, by the tree's unit. */
const WORDS = {
  us: {
    amount: duration,
    mostly: "Functions that took most time themselves",
    label: "Functions by their own time",
    empty: "The thread had nothing to do.",
  },
  bytes: {
    amount: bytes,
    mostly: "Functions that allocated most themselves",
    label: "Functions by what they allocated",
    empty: "Nothing that was allocated meanwhile was still alive at the end.",
  },
} as const;

/**
 * Where a profile's time or memory went, callers above callees. A click or Enter makes a frame as wide as the graph; arrow keys walk.
 */
export function Flame({ tree }: { readonly tree: ProfileTree }) {
  const { amount, mostly, label, empty } = WORDS[tree.unit];
  const [zoom, setZoom] = useState<readonly number[]>([]);
  const [at, setAt] = useState(0);
  const cells = useMemo(() => layOut(tree.root, zoom), [tree, zoom]);
  const depth = Math.max(...cells.map((cell) => cell.depth)) + 1;
  const whole = tree.root.total;
  const share = (part: number) => percent(whole === 0 ? 0 : part / whole);
  const walk = (event: KeyboardEvent) => {
    const next = neighbour(cells, at, event.key);
    if (next === undefined) return;
    event.preventDefault();
    setAt(next);
    (event.currentTarget as HTMLElement).querySelectorAll("button")[next]?.focus();
  };
  return (
    <div class="flame-box">
      <div class="flame-head">
        <span class="note">
          {tree.unit === "us"
            ? `${duration(whole)} busy, ${duration(tree.idleUs)} idle`
            : `${bytes(whole)} allocated and still alive at the end, estimated from samples`}
        </span>
        <button type="button" disabled={zoom.length === 0} onClick={() => setZoom([])}>
          Whole profile
        </button>
      </div>
      <fieldset
        class="flame"
        aria-label="Flame graph: arrow keys walk, Enter zooms"
        onKeyDown={walk}
        style={{ height: `${depth * ROW_PX}px` }}
      >
        {cells.map(({ frame, depth, left, width, path }, index) => (
          <button
            type="button"
            key={path.join(".")}
            class={`frame ${frame.kind}`}
            tabIndex={index === at ? 0 : -1}
            style={{ left: `${left * 100}%`, width: `${width * 100}%`, top: `${depth * ROW_PX}px` }}
            title={`${frame.name} (${frame.kind})\n${frame.place}\n${amount(frame.total)} in all, ${share(frame.total)}; ${amount(frame.self)} in itself`}
            onClick={() => {
              setZoom(path);
              setAt(0);
            }}
          >
            {width > 0.03 ? frame.name : ""}
          </button>
        ))}
      </fieldset>
      <ul class="stage-legend">
        {KINDS.filter(([kind]) => tree.unit === "us" || kind !== "gc").map(([kind, words]) => (
          <li key={kind}>
            <span class={`swatch frame-kind ${kind}`} />
            {words}
          </li>
        ))}
      </ul>
      <h3>{mostly}</h3>
      <Table
        label={label}
        rows={hottest(tree.root)}
        rowKey={({ key }) => key}
        empty={empty}
        columns={[
          { head: "function", cell: ({ name }) => name },
          { head: "where", cell: ({ place }) => <span title={place}>{shortPlace(place)}</span>, isExtra: true },
          { head: "itself", cell: ({ self }) => amount(self), isFigure: true },
          { head: "share", cell: ({ self }) => share(self), isFigure: true },
        ]}
      />
    </div>
  );
}

/** Cells of the frames under the zoomed one, its callers above it at full width. */
function layOut(root: Frame, zoom: readonly number[]): Cell[] {
  const cells: Cell[] = [];
  let frame = root;
  for (const [depth, index] of zoom.entries()) {
    cells.push({ frame, depth, left: 0, width: 1, path: zoom.slice(0, depth) });
    frame = frame.children[index]!;
  }
  const place = (of: Frame, depth: number, left: number, width: number, path: readonly number[]) => {
    if (width < NARROWEST || depth > DEEPEST) return;
    cells.push({ frame: of, depth, left, width, path });
    let from = left;
    for (const [index, child] of of.children.entries()) {
      const part = of.total === 0 ? 0 : (child.total / of.total) * width;
      place(child, depth + 1, from, part, [...path, index]);
      from += part;
    }
  };
  place(frame, zoom.length, 0, 1, zoom);
  return cells;
}

/** Where an arrow key leads from a cell. */
function neighbour(cells: readonly Cell[], at: number, key: string): number | undefined {
  const from = cells[at];
  if (from === undefined) return undefined;
  const middle = from.left + from.width / 2;
  const found = (test: (cell: Cell) => boolean) => {
    const index = cells.findIndex(test);
    return index < 0 ? undefined : index;
  };
  switch (key) {
    case "ArrowUp":
      return found(({ depth, left, width }) => depth === from.depth - 1 && left <= middle && middle <= left + width);
    case "ArrowDown":
      return found(
        ({ depth, left }) => depth === from.depth + 1 && left >= from.left - 1e-9 && left < from.left + from.width,
      );
    case "ArrowRight":
      return found(({ depth, left }) => depth === from.depth && left >= from.left + from.width - 1e-9);
    case "ArrowLeft": {
      const before = cells.findLastIndex(({ depth, left }) => depth === from.depth && left < from.left - 1e-9);
      return before < 0 ? undefined : before;
    }
    default:
      return undefined;
  }
}

/** A file by its name and folder, within its package where it is a dependency's: where that is on this machine is in the title. */
function shortPlace(place: string): string {
  if (place.startsWith("node:")) return place;
  const parts = place.split("/");
  const inside = parts.lastIndexOf("node_modules");
  return (inside >= 0 ? parts.slice(inside + 1) : parts.slice(-3)).join("/");
}

/** What each function used itself, over all its callers; the 15 with most of it. */
function hottest(root: Frame) {
  const byPlace = new Map<string, { key: string; name: string; place: string; self: number }>();
  const add = ({ name, place, self, children }: Frame) => {
    const key = `${name} ${place}`;
    const known = byPlace.get(key) ?? { key, name, place, self: 0 };
    byPlace.set(key, { ...known, self: known.self + self });
    for (const child of children) add(child);
  };
  add(root);
  return [...byPlace.values()]
    .filter(({ self }) => self > 0)
    .sort((a, b) => b.self - a.self)
    .slice(0, 15);
}
