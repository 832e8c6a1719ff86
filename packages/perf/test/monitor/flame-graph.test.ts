import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import {
  type AllocationProfile,
  type CpuProfile,
  type FlameFrame,
  flameGraphHtml,
  toFlameTree,
} from "../../src/monitor/index.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
const inBrowser = test.skipIf(CHROMIUM === undefined); // needs a Chromium; without one only the tree is checked

test("gives a sample the time until the next one, and sums callees into their callers", () => {
  const { root, idleUs } = toFlameTree(profileOfMain());
  expect(outline(root)).toEqual([
    "(root) native self 0 total 900",
    " main app self 100 total 700",
    "  parse dependency self 600 total 600",
    " (garbage collector) gc self 200 total 200",
  ]);
  expect(idleUs).toBe(100);
  expect(root.children[0]?.place).toBe("/app/my program.ts:8");
});

test("leaves out frames without time, and keeps V8's backward steps from becoming time", () => {
  const profile = profileOf([
    ["main", "file:///app/main.ts", [1]],
    ["never", "file:///app/main.ts", []],
  ]);
  const { root } = toFlameTree({
    ...profile,
    samples: [2, 2, 2],
    timeDeltas: [100, -50, 60],
    startTime: 0,
    endTime: 200,
  });
  expect(outline(root)).toEqual(["(root) native self 0 total 100", " main app self 100 total 100"]);
});

test("every microsecond is in exactly one frame or idle", () => {
  fc.assert(
    fc.property(treeProfile(), (profile) => {
      const { root, idleUs } = toFlameTree(profile);
      const firstUs = profile.startTime + (profile.timeDeltas?.[0] ?? 0);
      expect(sumOfSelf(root) + idleUs).toBe(profile.endTime - firstUs);
      expect(root.total).toBe(sumOfSelf(root));
    }),
  );
});

test("a stack twenty thousand calls deep is no problem", () => {
  const depth = 20_000;
  const stack = Array.from({ length: depth }, (_, i): [string, string, number[]] => [
    `f${i}`,
    "file:///app/main.ts",
    i + 1 < depth ? [i + 1] : [],
  ]);
  const profile = { ...profileOf(stack), samples: [depth + 1], timeDeltas: [0], startTime: 0, endTime: 10 };
  expect(toFlameTree(profile).root.total).toBe(10);
  expect(flameGraphHtml(profile)).toContain(`"f${depth - 1}"`);
});

test("refuses a profile without samples or with nodes that are not there", () => {
  const profile = profileOfMain();
  const bad: CpuProfile[] = [
    { ...profile, timeDeltas: [] },
    { ...profile, nodes: [] },
    { ...profile, samples: profile.samples!.map(() => 99) },
    { ...profile, nodes: [{ ...profile.nodes[0]!, children: [99] }] },
  ];
  for (const one of bad) expect(() => toFlameTree(one)).toThrow(InvalidInputError);
});

test("the page loads nothing, and no name or title can break out of it", () => {
  const hostile = `</script><script>alert("x")</script>`;
  const profile = profileOf([[hostile, `file:///app/${hostile}`, []]]);
  const page = flameGraphHtml(
    { ...profile, samples: [2], timeDeltas: [0], startTime: 0, endTime: 5 },
    `<b>"${hostile}`,
  );
  expect(page).not.toContain("<script>alert");
  expect(page).not.toContain("<b>");
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/(?:src|href)=|@import|url\(/);
});

inBrowser("a browser draws a frame for each function, as wide as its time", async () => {
  const dom = await render(flameGraphHtml(profileOfMain(), "Main & more"));
  expect(dom).toContain("<h1>Main &amp; more</h1>");
  expect(dom).toContain("1.0 ms profiled · 0.9 ms busy · 0.1 ms idle");
  expect(framesOf(dom).map(({ name, widthPercent }) => [name, Math.round(widthPercent)])).toEqual([
    ["all", 100],
    ["main", 78],
    ["parse", 67],
    ["(garbage collector)", 22],
  ]);
  expect(dom).toContain(
    'aria-label="parse, /app/node_modules/p/index.js:3, total 0.60 ms (66.7 %), self 0.60 ms (66.7 %)"',
  );
});

inBrowser("a click zooms into a frame, Escape comes back", async () => {
  const page = flameGraphHtml(profileOfMain());
  const clickMain = `document.querySelector('[data-frame="1"]').click();`;
  const zoomed = framesOf(await render(page, clickMain));
  expect(zoomed.map(({ name, widthPercent }) => [name, Math.round(widthPercent)])).toEqual([
    ["all", 100],
    ["main", 100],
    ["parse", 86],
  ]);
  const back = framesOf(await render(page, `${clickMain} ${pressed("Escape")}`));
  expect(back.map(({ name }) => name)).toEqual(["all", "main", "parse", "(garbage collector)"]);
});

inBrowser("arrow keys walk the tree, and the frame's times are shown", async () => {
  const keys = ["ArrowDown", "ArrowDown", "ArrowUp", "ArrowRight"].map(pressed).join(" ");
  const dom = await render(
    flameGraphHtml(profileOfMain()),
    `document.querySelector('[data-frame="0"]').focus(); ${keys}`,
  );
  const [detail] = /<footer.*?<\/footer>/s.exec(dom) ?? [""];
  expect(detail).toContain("<b>(garbage collector)</b>");
  expect(detail).toContain("0.20 ms (22.2 %)");
  expect(
    framesOf(dom)
      .filter(({ tabIndex }) => tabIndex === 0)
      .map(({ name }) => name),
  ).toEqual(["(garbage collector)"]);
});

inBrowser("search marks frames by name or file and tells their time once", async () => {
  const search = `const box = document.getElementById("search"); box.value = "/APP/"; box.dispatchEvent(new Event("input"));`;
  const dom = await render(flameGraphHtml(profileOfMain()), search);
  expect(
    framesOf(dom)
      .filter(({ isHit }) => isHit)
      .map(({ name }) => name),
  ).toEqual(["main", "parse"]);
  expect(dom).toContain('<output id="found">2 frames, 0.70 ms (77.8 %)</output>');
});

inBrowser("an allocation profile is drawn as wide as its bytes, and told in KiB", async () => {
  const dom = await render(flameGraphHtml(allocationsOfMain()));
  expect(dom).toContain("<h1>Allocation profile</h1>");
  expect(dom).toContain("20.0 KiB alive at the end, estimated from samples");
  expect(framesOf(dom).map(({ name, widthPercent }) => [name, Math.round(widthPercent)])).toEqual([
    ["all", 100],
    ["main", 90],
    ["parse", 80],
    ["(V8 API)", 10],
  ]);
  expect(dom).toContain('aria-label="main, /app/main.ts:8, total 18.0 KiB (90.0 %), self 2.00 KiB (10.0 %)"');
});

/** 20 KiB: 2 of main itself, 16 of parse, which main calls, 2 of V8. */
function allocationsOfMain(): AllocationProfile {
  const node = (functionName: string, selfSize: number, url = "", children: AllocationProfile["head"][] = []) => ({
    callFrame: { functionName, url, lineNumber: 7, columnNumber: 0, scriptId: "0" },
    selfSize,
    children,
  });
  const parse = node("parse", 16 * 1024, "file:///app/node_modules/p/index.js");
  return { head: node("(root)", 0, "", [node("(V8 API)", 2048), node("main", 2048, "file:///app/main.ts", [parse])]) };
}

/** 1,000 us: 100 in main itself, 600 in parse, which main calls, 200 in the collector, 100 idle. */
function profileOfMain(): CpuProfile {
  const profile = profileOf([
    ["main", "file:///app/my%20program.ts", [1], 7],
    ["parse", "file:///app/node_modules/p/index.js", [], 2],
    ["(garbage collector)", "", []],
    ["(idle)", "", []],
  ]);
  return {
    ...profile,
    startTime: 1_000,
    endTime: 2_000,
    samples: [2, 3, 4, 3, 5],
    timeDeltas: [0, 100, 400, 200, 200],
  };
}

type Call = readonly [name: string, url: string, children: readonly number[], line?: number];

/** A profile of calls that name their callees by index; a call that no other names is called by the root. Ids start at 2. */
function profileOf(calls: readonly Call[]): CpuProfile {
  const called = new Set(calls.flatMap(([, , children]) => children));
  const node = (id: number, functionName: string, url: string, lineNumber: number, children: readonly number[]) => ({
    id,
    callFrame: { functionName, url, lineNumber, columnNumber: 0, scriptId: "0" },
    children: children.map((child) => child + 2),
  });
  const roots = [...calls.keys()].filter((i) => !called.has(i));
  const nodes = calls.map(([name, url, children, line = 0], i) => node(i + 2, name, url, line, children));
  return { nodes: [node(1, "(root)", "", -1, roots), ...nodes], startTime: 0, endTime: 0, samples: [], timeDeltas: [] };
}

function treeProfile() {
  return fc
    .record({
      parents: fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
      ticks: fc.array(fc.record({ node: fc.nat(), deltaUs: fc.integer({ min: 0, max: 50 }) }), { minLength: 1 }),
      tailUs: fc.integer({ min: 0, max: 50 }),
    })
    .map(({ parents, ticks, tailUs }) => {
      const children = parents.map((): number[] => []);
      for (const [i, parent] of parents.entries()) if (parent % (i + 1) !== i) children[parent % (i + 1)]!.push(i);
      const profile = profileOf(
        children.map((own, i) => [i % 5 === 4 && own.length === 0 ? "(idle)" : `f${i}`, "", own]),
      );
      const timeDeltas = ticks.map(({ deltaUs }) => deltaUs);
      const endTime = timeDeltas.reduce((sum, deltaUs) => sum + deltaUs, tailUs);
      return { ...profile, samples: ticks.map(({ node }) => (node % parents.length) + 2), timeDeltas, endTime };
    });
}

function outline(frame: FlameFrame, depth = 0): string[] {
  const own = `${" ".repeat(depth)}${frame.name} ${frame.kind} self ${frame.self} total ${frame.total}`;
  return [own, ...frame.children.flatMap((child) => outline(child, depth + 1))];
}

function sumOfSelf(frame: FlameFrame): number {
  return frame.children.reduce((sum, child) => sum + sumOfSelf(child), frame.self);
}

function pressed(key: string): string {
  return `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "${key}", bubbles: true }));`;
}

/** The page's document after its own script, and then `actions`, ran in a browser. */
async function render(page: string, actions = ""): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pitlane-flame-"));
  try {
    const file = join(folder, "page.html");
    await writeFile(file, page.replace("</body>", `<script>${actions}</script></body>`));
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${join(folder, "profile")}`];
    const { stdout } = await promisify(execFile)(CHROMIUM!, [...flags, "--dump-dom", pathToFileURL(file).href]);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, maxRetries: 5 });
  }
}

function framesOf(dom: string) {
  return [...dom.matchAll(/<button [^>]*data-frame[^>]*>([^<]*)<\/button>/g)].map(([html, name]) => ({
    name,
    widthPercent: Number(/width: ?([\d.]+)%/.exec(html)?.[1]),
    tabIndex: Number(/tabindex="(-?\d+)"/.exec(html)?.[1]),
    isHit: /class="[^"]*\bhit\b/.test(html),
  }));
}
