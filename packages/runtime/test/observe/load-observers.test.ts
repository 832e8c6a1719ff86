import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openObservers, prepareObservers } from "../../src/cli/open-observers.ts";
import { Output } from "../../src/cli/output.ts";
import { checkConfig } from "../../src/config.ts";
import { loadObservers } from "../../src/observe/load-observers.ts";
import type { ObservedSession } from "../../src/observe/observer.ts";

const cwd = mkdtempSync(join(tmpdir(), "pitlane-observers-"));
const session = { run: { id: "r1" } } as ObservedSession;

beforeAll(() => {
  writeFileSync(
    join(cwd, "beeper.ts"),
    `import { defineObserver } from "pitlane";
     import * as v from "valibot";
     export default defineObserver({
       name: "beeper",
       version: "1.0.0",
       config: v.object({ tone: v.pipe(v.number("a tone is a number"), v.minValue(20, "too low to be heard")) }),
       async check({ tone }) { if (tone === 99) throw new Error("the tone is taken"); },
       async open(session, { tone }) {
         if (tone === 666) throw new Error("no such tone");
         return { lines: [\`beeps at \${tone} Hz for \${session.run.id}\`], close: async () => { globalThis.beeperClosed = (globalThis.beeperClosed ?? 0) + 1; } };
       },
     });`,
  );
  writeFileSync(join(cwd, "other.ts"), "export default { name: 'not one' };");
});

afterAll(() => rmSync(cwd, { recursive: true }));

test("an observer is loaded from a file and given its settings", async () => {
  const [beeper] = await loadObservers([{ use: "./beeper.ts", config: { tone: 440 } }], cwd);
  const open = await beeper!.open(session);
  expect(open.lines).toEqual(["beeps at 440 Hz for r1"]);
  await open.close();
});

test("settings that are wrong are named, and so is a file without an observer", async () => {
  await expect(loadObservers([{ use: "./beeper.ts", config: { tone: 3 } }], cwd)).rejects.toThrow(
    "the settings of observer beeper are wrong:\n  tone: too low to be heard",
  );
  await expect(loadObservers([{ use: "./other.ts", config: {} }], cwd)).rejects.toThrow("exports no observer");
  await expect(loadObservers([{ use: "./gone.ts", config: {} }], cwd)).rejects.toThrow("there is no file ./gone.ts");
});

test("an observer that could not run says so before anything is started", async () => {
  await expect(loadObservers([{ use: "./beeper.ts", config: { tone: 99 } }], cwd)).rejects.toThrow("the tone is taken");
});

test("where the dashboard is not installed a line says so, unless it is not wanted", async () => {
  const { dashboard } = checkConfig({}, "test");
  expect(await prepareObservers({ dashboard, observers: [] }, cwd, () => false)).toMatchObject({
    observers: [],
    lines: [expect.stringContaining("npm install @pitlane/plugin-dashboard")],
  });
  const unwanted = { dashboard: { ...dashboard, enabled: false }, observers: [] };
  expect(await prepareObservers(unwanted, cwd)).toEqual({ observers: [], lines: [] });
});

test("when one observer does not open, those before it are closed again", async () => {
  const state = globalThis as { beeperClosed?: number };
  const before = state.beeperClosed ?? 0;
  const observers = await loadObservers(
    [440, 666].map((tone) => ({ use: "./beeper.ts", config: { tone } })),
    cwd,
  );
  const written: string[] = [];
  const terminal = { isTTY: false, write: (text: string) => written.push(text) > 0 };
  const output = new Output(terminal as ConstructorParameters<typeof Output>[0], (text) => text);
  await expect(openObservers(observers, session, output)).rejects.toThrow("no such tone");
  expect(state.beeperClosed).toBe(before + 1);
  expect(written.join("")).toContain("beeps at 440 Hz");
});
