import { existsSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const chosen = process.env["CHROMIUM_PATH"] ?? "";

/** That of CHROMIUM_PATH when it is set, else the system's; undefined when there is none, and tests that need it are skipped. */
export const CHROMIUM = (chosen === "" ? PLACES : [chosen]).find((path) => existsSync(path));

/** Why tests are skipped, for their name; "" when they are not. */
export const MISSING = CHROMIUM === undefined ? " (skipped: no Chromium; install it or set CHROMIUM_PATH)" : "";

// Nothing of the browser's own goes out to the network, so that a request that does is the page's.
export const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
