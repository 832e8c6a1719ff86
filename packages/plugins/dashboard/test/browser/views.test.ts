import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { MISSING } from "./chromium.ts";
import { useHouse, visit } from "./house.ts";

/** What each view must show of the made-up session: headings, and figures with their units. */
const VIEWS: readonly {
  readonly view: string;
  readonly headings: readonly string[];
  readonly texts: readonly RegExp[];
}[] = [
  {
    view: "Overview",
    headings: ["Profit", "Health", "Alerts", "Order flow", "Log"],
    texts: [/USDT/, /\d\s\/s/, /\d\s[µm]s/, /of 512\sMiB/],
  },
  {
    view: "Latency",
    headings: ["Latency over time", "Stages", "Targets", "Histogram", "Performance test", "Slowest orders"],
    texts: [/p99\.9/, /\d\s[µm]s/],
  },
  {
    view: "Market",
    headings: ["Order book", "Trades", "Instruments and positions", "Open orders"],
    texts: [/99\.87 USDT on average/, /1\.250 AAA/, /\d bp/],
  },
  {
    view: "Plugins",
    headings: ["Plugins", "Boot tree", "Event lanes", "Faults"],
    texts: [/of 200 ms\/s/, /spread-maker/, /3 plugins in/],
  },
  {
    view: "Network",
    headings: ["Round trip", "Regions and endpoints", "Request limits", "Sockets"],
    texts: [/market stream 1/, /of 6,000/, /closed, in use/],
  },
  { view: "Journal", headings: ["Tail", "Search"], texts: [/intent of spread-maker/, /rows looked at/] },
  { view: "Optimizer", headings: ["Knobs"], texts: [/spread-maker\/pool/, /None runs in this session/] },
  {
    view: "Memory",
    headings: ["Memory", "Garbage collection", "Event loop delay", "CPU", "Caches", "Pools", "Profiles"],
    texts: [/\d\sMiB/, /of one core/, /99(\.\d+)?\s%/],
  },
];

describe.skipIf(MISSING !== "")(`the dashboard's views${MISSING}`, () => {
  const house = useHouse();

  test("each shows the session with labels and units, asks nobody else and complains of nothing", async () => {
    const { page, show, requests, complaints, dashboard } = await visit(house);
    for (const { view, headings, texts } of VIEWS) {
      await show(view);
      for (const heading of headings)
        await page.getByRole("heading", { name: heading, exact: true, level: 2 }).waitFor();
      for (const text of texts) await page.locator("main").getByText(text).first().waitFor();
      expect(await page.title()).toBe(`${view} · Pitlane`);
    }
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(dashboard.url))).toEqual([]);
  });

  test("none is wider than a phone, and none than a small screen", async () => {
    for (const width of [390, 1280]) {
      const { page, show } = await visit(house, { browser: { viewport: { width, height: 844 } } });
      for (const { view, headings } of VIEWS) {
        await show(view);
        await page.getByRole("heading", { name: headings[0]!, exact: true, level: 2 }).waitFor();
        const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(excess, `${view} at ${width} px`).toBeLessThanOrEqual(0);
      }
    }
  });

  test("charts have their values as a table, with the time under the pointer", async () => {
    const { page, show } = await visit(house);
    await show("Latency");
    const chart = page.getByRole("img", { name: "p50, p95 and p99 of tick to order over time" });
    const table = page.locator("figure", { has: chart }).getByRole("table");
    expect(await table.getByRole("rowheader").allTextContents()).toEqual(["p50", "p95", "p99"]);
    for (const cell of await table.getByRole("cell").allTextContents()) expect(cell).toMatch(/^[\d.,]+\s(ns|µs|ms|s)$/);
    await chart.hover();
    await expect.poll(() => table.getByRole("columnheader").first().textContent()).toMatch(/^\d\d:\d\d:\d\d$/);
    await page.getByRole("radio", { name: "15 min" }).click();
    await expect.poll(() => chart.getAttribute("data-points")).toBe("120");
  });

  test("follows the system's colours until the reader chooses, and keeps the choice", async () => {
    const { page, complaints } = await visit(house, { browser: { colorScheme: "light" } });
    const back = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await back();
    await page.emulateMedia({ colorScheme: "dark" });
    await page.locator('html[data-theme="dark"]').waitFor();
    expect(await back()).not.toBe(light);
    await page.getByRole("button", { name: "Light colours" }).click();
    await expect.poll(back).toBe(light);
    await page.reload();
    await page.getByText("live", { exact: true }).waitFor();
    expect(await back()).toBe(light);
    expect(complaints).toEqual([]);
  });

  test("is small: its scripts have less than 120 KB when packed, and nothing in it is inline", () => {
    const files = [...house.page()];
    const scripts = files.filter(([name]) => name.endsWith(".js"));
    const packed = scripts.reduce((sum, [, { bytes }]) => sum + gzipSync(bytes).length, 0);
    expect(packed).toBeGreaterThan(10_000);
    expect(packed).toBeLessThan(120_000);
    const html = Buffer.from(house.page().get("/index.html")!.bytes).toString();
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:/);
  });
});
