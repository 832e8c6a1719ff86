import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type StaticServer, serveFolder } from "./static-server.ts";

const SITE = fileURLToPath(new URL("../.vitepress/dist", import.meta.url));
const BASE = process.env["DOCS_BASE"] ?? "/";
const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const missing = !existsSync(join(SITE, "index.html"))
  ? " (skipped: the site is not built; run its build)"
  : !existsSync(CHROMIUM)
    ? " (skipped: no Chromium; install it or set CHROMIUM_PATH)"
    : "";

describe.skipIf(missing !== "")(`the built site in a browser${missing}`, () => {
  let server: StaticServer;
  let browser: Browser;

  beforeAll(async () => {
    server = await serveFolder(SITE, BASE);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** A fresh page that notes what it asks for and what it complains of. */
  async function setUp(): Promise<{ page: Page; requests: string[]; complaints: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("response", (response) => {
      if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
    });
    page.on("requestfailed", (request) => {
      const reason = request.failure()?.errorText;
      // Leaving a page cancels what it was still prefetching.
      if (reason !== "net::ERR_ABORTED") complaints.push(`${reason} ${request.url()}`);
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    return { page, requests, complaints };
  }

  test("home has its title and both commands", async () => {
    const { page, complaints } = await setUp();
    await page.goto(server.url, { waitUntil: "networkidle" });
    expect(await page.title()).toContain("Pitlane");
    expect(await page.locator("h1").first().textContent()).toContain("Pitlane");
    const commands = await page.locator("pre").allInnerTexts();
    expect(commands.join("\n")).toMatch(/^npm start\b/m);
    expect(commands.join("\n")).toMatch(/^npm test\b/m);
    await page.screenshot({ path: join(tmpdir(), "pitlane-docs", "home.png") });
    expect(complaints).toEqual([]);
  });

  test("every link of the sidebar leads to a page with a heading, without a request to anywhere else", async () => {
    const { page, requests, complaints } = await setUp();
    await page.goto(`${server.url}guide/quick-start.html`, { waitUntil: "networkidle" });
    const links = await page
      .locator(".VPSidebar a")
      .evaluateAll((anchors) => anchors.map((anchor) => (anchor as HTMLAnchorElement).href));
    expect(links.length).toBeGreaterThanOrEqual(6);
    for (const link of new Set(links)) {
      await page.goto(link);
      expect(await page.locator(".vp-doc h1").textContent(), link).toMatch(/\w/);
    }
    await page.waitForLoadState("networkidle");
    expect(requests.filter((url) => new URL(url).hostname !== "127.0.0.1")).toEqual([]);
    expect(complaints).toEqual([]);
  }, 240_000); // dozens of pages, each loaded whole

  test("the reference describes what @pitlane/sdk exports", async () => {
    const { page, complaints } = await setUp();
    await page.goto(`${server.url}guide/quick-start.html`, { waitUntil: "networkidle" });
    await page.locator(".VPSidebar a", { hasText: /^@pitlane\/sdk$/ }).click();
    await page.locator(".vp-doc h1", { hasText: "@pitlane/sdk" }).waitFor();
    expect(await page.locator(".vp-doc h3#orderbook, .vp-doc h3#instrument").count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  test("the search finds the guide on recordings, offline", async () => {
    const { page, requests, complaints } = await setUp();
    await page.goto(server.url, { waitUntil: "networkidle" });
    await page.locator(".VPNavBarSearch button").first().click();
    await page.locator(".VPLocalSearchBox input").fill("recording");
    const hit = page.locator(".VPLocalSearchBox .result", { hasText: "Recordings" }).first();
    await hit.waitFor();
    await hit.click();
    await page.waitForURL("**/guide/recordings.html**");
    expect(requests.filter((url) => new URL(url).hostname !== "127.0.0.1")).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
