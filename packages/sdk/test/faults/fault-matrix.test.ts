import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type Cell, fromMarkdown, runMatrix } from "./matrix.ts";

const page = fileURLToPath(new URL("../../../../apps/docs/guide/sdk/fault-matrix.md", import.meta.url));
const sorted = (cells: readonly Cell[]) =>
  cells.map(({ fault, operation, outcome }) => `${fault} x ${operation}: ${outcome}`).sort();

test("every fault has the outcome that the docs state, for every operation it can hit", async () => {
  expect(sorted(await runMatrix())).toEqual(sorted(fromMarkdown(readFileSync(page, "utf8"))));
}, 600_000);
