import { existsSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

// Nothing of the browser's own goes out to the network, so that a request that does is the page's.
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

/**
 * The system's Chromium: that of the environment's CHROMIUM_PATH when it is set, else where Debian and others put it. Undefined when there is none.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined}
 */
export function findChromium(env) {
  const { CHROMIUM_PATH: chosen = "" } = env;
  return (chosen === "" ? PLACES : [chosen]).find((path) => existsSync(path));
}

/**
 * Starts the browser without a window.
 *
 * @param {string} path From `findChromium`.
 * @returns {Promise<import("playwright-core").Browser>} Whoever asked for it closes it.
 */
export async function launchChromium(path) {
  // Only now: in a fresh clone it is installed after this file was loaded.
  const { chromium } = await import("playwright-core");
  return chromium.launch({ executablePath: path, args: FLAGS });
}
