import type { Browser } from "playwright-core";
import { findChromium, launchChromium } from "../lib/browser.mjs";

/** How long one opening of the dashboard took, milliseconds since its navigation began, by the browser's clock. */
export interface Opening {
  /** First contentful paint. */
  readonly paintedMs: number;
  /** Until every chart of the overview had two points or more. */
  readonly drawnMs: number;
}

/** The system's Chromium. @throws When there is none. */
export async function startBrowser(): Promise<Browser> {
  const path = findChromium(process.env);
  if (path === undefined) throw new Error("there is no Chromium: install it or set CHROMIUM_PATH");
  return launchChromium(path);
}

/** Opens the dashboard once, in a profile without cache or cookie. @throws When a chart is not drawn within 30 s. */
export async function openOnce(browser: Browser, link: string): Promise<Opening> {
  // The page forbids what the question below is asked by; nothing else of it is changed.
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, bypassCSP: true });
  try {
    const page = await context.newPage();
    await page.goto(link, { waitUntil: "commit" });
    const drawn = await page.waitForFunction(DRAWN, undefined, { polling: "raf" });
    return (await drawn.jsonValue()) as Opening;
  } finally {
    await context.close();
  }
}

// In the page, asked once a frame: what a frame finds drawn has been computed and is about to be shown.
const DRAWN = `(() => {
  const charts = [...document.querySelectorAll('[role="img"][data-points]')];
  if (charts.length === 0 || charts.some((chart) => Number(chart.dataset.points) < 2)) return false;
  if (charts.some((chart) => chart.querySelector("canvas") === null)) return false;
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return paint && { paintedMs: paint.startTime, drawnMs: performance.now() };
})()`;
