import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build, type Options } from "tsup";
import { expect, onTestFinished, test } from "vitest";
import { library } from "../../tsup.base.ts";

const ERRORS = JSON.stringify(resolve(import.meta.dirname, "../../packages/perf/src/errors.ts"));

/** Builds two entries that share a chunk, by the configuration of the packages but for the types, and gives the folder of the output. */
async function setUp() {
  const root = mkdtempSync(join(tmpdir(), "pitlane-commonjs-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, "src"));
  const write = (name: string, text: string) => writeFileSync(join(root, "src", name), text);
  write(
    "shared.ts",
    `import { PitlaneError } from ${ERRORS};
     export class TooLateError extends PitlaneError {
       readonly code = "TOO_LATE";
       readonly retryable = false;
     }
     export class Counter { count = 0; #step = 1; add() { this.count += this.#step; return this; } }
     export function isStrict(this: unknown) { return this === undefined; }`,
  );
  write("first.ts", `export { Counter, isStrict, TooLateError } from "./shared.ts";`);
  write("second.ts", `export { TooLateError } from "./shared.ts"; export const lazily = () => import("./first.ts");`);
  write("package.json", "{}");
  const outDir = join(root, "dist");
  await build({
    ...(library({ first: join(root, "src/first.ts"), second: join(root, "src/second.ts") }) as Options),
    ...{ outDir, config: false, dts: false, silent: true, clean: false },
  });
  const load = createRequire(import.meta.url);
  return { outDir, first: load(join(outDir, "first.cjs")), second: load(join(outDir, "second.cjs")) };
}

test("classes keep their names and fields in CommonJS, and entries share them", async () => {
  const { outDir, first, second } = await setUp();
  const error = new first.TooLateError("after the close");
  expect(error.name).toBe("TooLateError");
  expect(String(error)).toBe("TooLateError: after the close");
  expect(error).toMatchObject({ code: "TOO_LATE", retryable: false });
  expect(error).toBeInstanceOf(second.TooLateError);
  expect(new first.Counter().add().count).toBe(1);
  expect((await second.lazily()).TooLateError).toBe(first.TooLateError);
  const { isStrict } = first;
  expect(isStrict()).toBe(true);
  const map = JSON.parse(readFileSync(join(outDir, "first.cjs.map"), "utf8"));
  expect(map.version).toBe(3);
});
