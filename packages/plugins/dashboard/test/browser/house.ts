import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { type PageFile, readPage } from "../../src/static.ts";
import { type Served, type ServeOptions, serve } from "../set-up.ts";
import { CHROMIUM, FLAGS } from "./chromium.ts";

/** What the tests of a file share: the page as its sources are now, and a browser. */
export interface House {
  readonly page: () => ReadonlyMap<string, PageFile>;
  readonly browser: () => Browser;
}

/** Builds the page and starts the browser before the tests of a file, and ends them after. */
export function useHouse(): House {
  let folder = "";
  let page: ReadonlyMap<string, PageFile> | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "pitlane-page-"));
    const configFile = fileURLToPath(new URL("../../vite.config.ts", import.meta.url));
    await build({ configFile, logLevel: "error", build: { outDir: folder } });
    page = readPage(folder);
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: FLAGS });
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { page: () => page!, browser: () => browser! };
}

/** A page of a made-up session, and what it asked for and complained of. */
export interface Visit extends Served {
  readonly page: Page;
  /** Addresses of all requests. */
  readonly requests: readonly string[];
  /** Errors and warnings of the console, uncaught errors, refused requests: empty when all is well. */
  readonly complaints: string[];
  /** Goes to a view and waits until it is drawn. */
  show(view: string): Promise<void>;
}

export interface VisitOptions extends ServeOptions {
  readonly browser?: BrowserContextOptions;
}

/** Serves a session and opens its page by the printed link. */
export async function visit(house: House, { browser = {}, ...options }: VisitOptions = {}): Promise<Visit> {
  const served = await serve({ page: house.page(), ...options });
  onTestFinished(() => served.close());
  const context = await house.browser().newContext({ viewport: { width: 1280, height: 900 }, ...browser });
  onTestFinished(() => context.close());
  // Shorter than a test may take, so that what fails says what it waited for.
  context.setDefaultTimeout(25_000);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  await page.goto(served.dashboard.link);
  await page.getByText("live", { exact: true }).waitFor();
  return {
    ...served,
    page,
    requests,
    complaints,
    async show(view) {
      await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
      await page.locator(`main[data-view="${view.toLowerCase()}"]`).waitFor();
    },
  };
}
