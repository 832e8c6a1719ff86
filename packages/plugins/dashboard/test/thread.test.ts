import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createSystemClock } from "@pitlane/perf";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openThreadReader, type Reader } from "../src/reading/reader.ts";
import { createFakeSession, type FakeSession } from "./fake-session.ts";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

let reader: Reader;
let session: FakeSession;

beforeAll(async () => {
  session = createFakeSession();
  reader = await openThreadReader(await buildThread(), createSystemClock());
});

afterAll(async () => {
  await reader.close();
  session.close();
});

/** Builds the thread's program from the sources as they are now: threads cannot run TypeScript. */
async function buildThread(): Promise<URL> {
  const outdir = join(PACKAGE, "node_modules/.cache/pitlane");
  mkdirSync(outdir, { recursive: true });
  await build({
    entryPoints: { "reader-thread": join(PACKAGE, "src/reading/thread.ts") },
    outdir,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@pitlane/source"],
    plugins: [
      {
        // What the runtime has installed is found from there, not from here.
        name: "installed",
        setup(bundle) {
          bundle.onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => {
            if (kind === "entry-point" || /^(pitlane|@pitlane\/)/.test(path) || path.startsWith("node:"))
              return undefined;
            return { path: import.meta.resolve(path, pathToFileURL(importer).href), external: true };
          });
        },
      },
    ],
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
    logLevel: "warning",
  });
  return pathToFileURL(join(outdir, "reader-thread.js"));
}

test("a journal that this process writes is read by the thread meanwhile", async () => {
  session.step();
  const page = await reader.read("page", { path: session.journalPath, limit: 10 });
  expect(page.rows[0]).toMatchObject({ seq: session.journal.events, kind: "report" });
  session.step();
  const again = await reader.read("page", { path: session.journalPath, limit: 10 });
  expect(again.rows[0]).toMatchObject({ seq: session.journal.events, kind: "report" });
});

test("rows of a session are read while its orders are secured beside the journal", async () => {
  const before = session.journal.events;
  session.journal.append("operator", { action: "test" });
  session.journal.secure();
  const { rows } = await reader.read("page", { path: session.journalPath, limit: 1 });
  expect(rows[0]?.seq).toBe(before); // what is only secured is not in the journal yet
  session.journal.commit();
  const after = await reader.read("page", { path: session.journalPath, limit: 1 });
  expect(after.rows[0]).toMatchObject({ seq: before + 1, kind: "operator" });
});

test("what cannot be read is told in words that crossed the thread", async () => {
  await expect(reader.read("page", { path: "/nowhere/journal.db", limit: 1 })).rejects.toThrow(
    "there is no journal at /nowhere/journal.db",
  );
});

test("a heap snapshot is read by the thread, piece by piece", async () => {
  const path = await session.actions.profile("heap", 100, "test");
  expect(await reader.read("heap", { path })).toMatchObject({ objects: 6, types: [{ name: "Desk" }, {}, {}] });
});

test("a reader that was closed ends its thread and refuses", async () => {
  const other = await openThreadReader(await buildThread(), createSystemClock());
  await other.read("page", { path: session.journalPath, limit: 1 });
  await other.close();
  await expect(other.read("page", { path: session.journalPath, limit: 1 })).rejects.toMatchObject({ status: 503 });
});
