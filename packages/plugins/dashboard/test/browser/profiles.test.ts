import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { MISSING } from "./chromium.ts";
import { useHouse, visit } from "./house.ts";

/** A program with a class of its own, that writes a snapshot of its heap. */
const PLANTED = `
class PlantedBook { constructor() { this.bytes = Buffer.alloc(100_000); } }
const plant = () => { globalThis.shelf = { books: Array.from({ length: 7 }, () => new PlantedBook()) }; };
plant();
require("node:v8").writeHeapSnapshot(process.argv[1]);`;

describe.skipIf(MISSING !== "")(`profiles of a session${MISSING}`, () => {
  const house = useHouse();

  test("an allocation profile is taken and drawn as wide as its bytes, in KiB", async () => {
    const { page, show, session, complaints } = await visit(house);
    await show("Memory");
    await page.getByRole("button", { name: "Allocations" }).click();
    await page.getByRole("dialog").getByRole("combobox").selectOption("2");
    await page.getByRole("dialog").getByRole("button", { name: "Start profiling" }).click();
    const graph = page.getByRole("group", { name: "Flame graph" });
    await graph.getByRole("button", { name: "onQuote" }).waitFor();
    expect(session.acts[0]).toMatchObject({ detail: { kind: "allocations", durationMs: 2000 }, by: "dashboard" });
    const widthOf = (name: string) =>
      graph.getByRole("button", { name }).evaluate((frame) => frame.getBoundingClientRect().width);
    expect((await widthOf("onQuote")) / (await widthOf("(root)"))).toBeCloseTo(0.8, 2);
    expect(await graph.getByRole("button", { name: "onQuote" }).getAttribute("title")).toMatch(/16\sKiB in all, 80\s%/);
    await page.getByText(/20\sKiB allocated and still alive at the end/).waitFor();
    const table = page.getByRole("region", { name: "Functions by what they allocated" });
    expect(await table.getByRole("row").nth(1).textContent()).toMatch(/^onQuote.*16\sKiB80\s%$/);
    expect(complaints).toEqual([]);
  });

  test("a heap snapshot is taken after a warning, and told by type", async () => {
    const { page, show, session, complaints } = await visit(house);
    await show("Memory");
    await page.getByRole("button", { name: "Heap snapshot" }).click();
    await page
      .getByRole("dialog")
      .getByText(/stands still .* secrets included/)
      .waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Stop it and take one" }).click();
    await page.getByText(/17\sKiB in 6 objects of 3 types, with 5 references/).waitFor();
    expect(session.acts[0]).toMatchObject({ action: "profile", detail: { kind: "heap" }, by: "dashboard" });
    expect(await rowsOf(page)).toEqual([
      ["Desk", "1", "1 KiB", "17 KiB", "100 %"],
      ["OrderBook", "2", "4 KiB", "16 KiB", "94.1 %"],
      ["(array)", "2", "12 KiB", "12 KiB", "70.6 %"],
    ]);
    expect(complaints).toEqual([]);
  });

  test("the keyboard orders a snapshot's types and opens what holds one", async () => {
    const { page, session, complaints } = await visit(house);
    await session.actions.profile("heap", 100, "test");
    await open(page, "heap-1.heapsnapshot");
    const names = async () => (await rowsOf(page)).map(([name]) => name);
    const head = (name: string) => page.getByRole("columnheader", { name });
    expect(await head("retained").getAttribute("aria-sort")).toBe("descending");
    await head("own size").getByRole("button").focus();
    await page.keyboard.press("Enter");
    await expect.poll(names).toEqual(["(array)", "OrderBook", "Desk"]);
    expect(await head("own size").getAttribute("aria-sort")).toBe("descending");
    expect(await head("retained").getAttribute("aria-sort")).toBe("none");
    await page.keyboard.press("Enter");
    await expect.poll(names).toEqual(["Desk", "OrderBook", "(array)"]);
    await head("type").getByRole("button").focus();
    await page.keyboard.press("Space");
    await expect.poll(names).toEqual(["(array)", "Desk", "OrderBook"]);
    await page.locator("summary", { hasText: "(array)" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText(/The largest retains 8\sKiB/).waitFor();
    expect(await page.locator("details[open] li").allTextContents()).toEqual([
      ".levels of OrderBook",
      ".second of Desk",
      "the root",
    ]);
    expect(complaints).toEqual([]);
  });

  test("a snapshot of a real program has its classes and sizes, on a phone as well", { timeout: 60_000 }, async () => {
    const { page, session, complaints } = await visit(house, {
      browser: { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
    });
    const path = join(session.folder, "real.heapsnapshot");
    await promisify(execFile)(process.execPath, ["-e", PLANTED, path]);
    await open(page, "real.heapsnapshot");
    const planted = page.locator("tr", { has: page.locator("summary", { hasText: "PlantedBook" }) });
    await planted.waitFor();
    const [, , own, retained] = await planted.locator("td").allTextContents();
    expect(own).toMatch(/^\d+\sB$/);
    expect(retained).toMatch(/^68[4-9]\sKiB$/);
    await planted.locator("summary").click();
    expect(await planted.locator("li").allTextContents()).toEqual(
      expect.arrayContaining([".books of Object", ".shelf of global"]),
    );
    const excess = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(await excess()).toBeLessThanOrEqual(0);
    await page.getByRole("button", { name: /^All \d+ types/ }).click();
    expect((await rowsOf(page)).length).toBeGreaterThan(25);
    expect(await excess()).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
  });

  test("a profile that cannot be read says why, in words", async () => {
    const { page, session } = await visit(house);
    writeFileSync(join(session.folder, "torn.heapsnapshot"), '{"snapshot":{');
    writeFileSync(join(session.folder, "torn.heapprofile"), '{"head":');
    await open(page, "torn.heapsnapshot");
    await page.getByText(/only a part of it: expected more at byte 13 of 13/).waitFor();
    await open(page, "torn.heapprofile");
    await page.getByText(/the file is no allocation profile/).waitFor();
  });
});

/** Opens a profile from the list of them. */
async function open(page: Page, name: string): Promise<void> {
  await page.evaluate(() => {
    window.location.hash = "#/memory";
  });
  // The list is asked for every ten seconds, and when the view is drawn: what was placed meanwhile is in the next.
  await page.reload();
  await page
    .getByRole("region", { name: "Profiles", exact: true })
    .first()
    .getByRole("link", { name, exact: true })
    .click();
}

/** Cells of the table of types, whatever space stands between a figure and its unit. */
async function rowsOf(page: Page): Promise<string[][]> {
  const table = page.getByRole("region", { name: "Types of objects on the heap" });
  await table.waitFor();
  const rows = await table
    .locator("tbody tr")
    .evaluateAll((all) =>
      all.map((row) => [
        row.querySelector("summary")?.textContent ?? "",
        ...[...row.querySelectorAll("td")].slice(1).map((cell) => cell.textContent ?? ""),
      ]),
    );
  return rows.map((cells) => cells.map((text) => text.replaceAll("\u00a0", " ")));
}
