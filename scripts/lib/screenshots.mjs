import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { findChromium, launchChromium } from "./browser.mjs";
import { ensureBuilt } from "./build.mjs";
import { ensureInstalled } from "./install.mjs";
import { Stop } from "./stop.mjs";

const USAGE = "npm run screenshots -- --out DIR [--seconds N]";
const LINK_WITHIN_MS = 60_000;
const SETTINGS = [
  "dashboard.port=0",
  "optimizer.enabled=true",
  "optimizer.stage=execution",
  "optimizer.windowMs=500",
].flatMap((setting) => ["--set", setting]);
const END_WITHIN_MS = 30_000;
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

/**
 * `npm run screenshots -- --out DIR --seconds N`: a real `pitlane start` on its embedded exchange, and one full-page picture of each view of its
 * dashboard after N seconds (60 unless told); of the overview also on a phone and in light colours.
 *
 * @param {import("./house.mjs").House} house
 * @param {readonly string[]} args
 * @returns {Promise<number>} 0.
 * @throws {Stop} With exit code 2 for bad usage and where there is no Chromium, 1 when the session or its page failed.
 */
export async function screenshots(house, args) {
  const { out, seconds } = readArgs(args);
  const folder = resolve(house.userFolder, out);
  const chromium = findChromium(house.env);
  if (chromium === undefined)
    throw new Stop("There is no Chromium here. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.", 2);
  await ensureInstalled(house);
  await ensureBuilt(house);
  mkdirSync(folder, { recursive: true });

  const session = await startSession(house);
  const browser = await launchChromium(chromium);
  try {
    house.say(`The session runs for ${seconds} s before its pictures are taken ...`);
    const page = await (await browser.newContext({ viewport: WIDE, colorScheme: "dark" })).newPage();
    /** @type {string[]} */
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(session.link);
    await sleep(seconds * 1000);
    session.check();
    for (const [name, prepare] of VIEWS) {
      await page.goto(`${new URL(session.link).origin}/#/${name}`);
      await page.locator(`main[data-view="${name}"]`).waitFor();
      await prepare(page);
      await shoot(name);
    }
    await page.goto(`${new URL(session.link).origin}/#/overview`);
    await page.locator('main[data-view="overview"]').waitFor();
    await page.emulateMedia({ colorScheme: "light" });
    await shoot("overview-light");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize(PHONE);
    await shoot("overview-phone");
    if (complaints.length > 0) throw new Stop(`The page complained:\n${complaints.join("\n")}`, 1);
    return 0;

    /** @param {string} name */
    async function shoot(name) {
      await page.waitForTimeout(SETTLE_MS);
      await page.locator(".toast").first().waitFor({ state: "detached" });
      // The bar that stays at the top would stand amidst a page that was scrolled.
      await page.evaluate("window.scrollTo(0, 0)");
      const path = join(folder, `${name}.png`);
      await page.screenshot({ path, fullPage: true });
      house.say(path);
    }
  } finally {
    await browser.close();
    await session.end();
  }
}

/** Between what a view shows first and its picture: a second's samples and the stream's next market. */
const SETTLE_MS = 2500;

/**
 * The views, and what is done in each so that its picture shows all it can.
 *
 * @type {readonly (readonly [name: string, prepare: (page: import("playwright-core").Page) => Promise<void>])[]}
 */
const VIEWS = [
  ["overview", async () => {}],
  [
    "latency",
    async (page) => {
      const run = page.getByRole("button", { name: /^Run [\d,]+ updates$/ });
      await run.waitFor();
      if (await run.isDisabled()) return;
      await run.click();
      await page.getByRole("dialog").getByRole("button", { name: "Run the test" }).click();
      await page.locator(".test-result").waitFor();
    },
  ],
  [
    "market",
    async (page) => {
      await page.getByRole("region", { name: "Public trades" }).getByRole("row").nth(12).waitFor();
    },
  ],
  ["plugins", async () => {}],
  ["network", async () => {}],
  [
    "journal",
    async (page) => {
      // One order end to end, of those in the tail.
      await page.getByRole("region", { name: "Tail" }).getByRole("link").first().click();
      await page.locator(".story li").first().waitFor();
    },
  ],
  ["optimizer", async () => {}],
  [
    "memory",
    async (page) => {
      await page.getByRole("button", { name: "Take a CPU profile" }).click();
      await page.getByRole("dialog").getByRole("combobox").selectOption("2");
      await page.getByRole("dialog").getByRole("button", { name: "Start profiling" }).click();
      await page.getByRole("group", { name: "Flame graph" }).waitFor();
    },
  ],
];

/**
 * @param {readonly string[]} args
 * @returns {{ out: string, seconds: number }}
 */
function readArgs(args) {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { out: { type: "string" }, seconds: { type: "string", default: "60" } },
    }));
  } catch (error) {
    throw new Stop(`${/** @type {Error} */ (error).message}\nUsage: ${USAGE}`, 2);
  }
  const seconds = Number(values.seconds);
  if (values.out === undefined || values.out === "") throw new Stop(`Say where the pictures go: ${USAGE}`, 2);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3600)
    throw new Stop(`--seconds must be a whole number from 1 to 3600, got "${values.seconds}"`, 2);
  return { out: values.out, seconds };
}

/**
 * Starts a session whose dashboard is at a free port, and whose optimizer has something to show within a minute.
 *
 * @param {import("./house.mjs").House} house
 * @returns {Promise<{ link: string, check(): void, end(): Promise<void> }>} `check` throws when it has ended by itself.
 */
async function startSession(house) {
  const program = join(house.root, "packages", "runtime", "bin", "pitlane.mjs");
  const child = spawn(process.execPath, [program, "start", ...SETTINGS], {
    cwd: house.root,
    env: { ...house.env, PITLANE_LAUNCHER_PID: String(process.pid) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  let output = "";
  /** @type {(link: string) => void} */
  let found = () => {};
  /** @type {Promise<string>} */
  const link = new Promise((resolve) => {
    found = resolve;
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      output += text;
      const match = /http:\/\/\S+\?token=[\w.~-]+(?=\s)/.exec(output);
      if (match !== null) found(match[0]);
    });
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGINT");
    const waiting = new AbortController();
    const late = sleep(END_WITHIN_MS, undefined, { signal: waiting.signal }).then(
      () => child.kill("SIGKILL"),
      () => {}, // it ended in time
    );
    await ended;
    waiting.abort();
    await late;
  };
  const failed = (/** @type {string} */ what) => new Stop(`${what}\n${output.trim()}`, 1);
  const waiting = new AbortController();
  try {
    return {
      link: await Promise.race([
        link,
        ended.then(() => Promise.reject(failed("The session ended before it printed its dashboard's link:"))),
        sleep(LINK_WITHIN_MS, undefined, { signal: waiting.signal }).then(() =>
          Promise.reject(failed(`No dashboard's link within ${LINK_WITHIN_MS / 1000} s:`)),
        ),
      ]),
      check() {
        if (child.exitCode !== null || child.signalCode !== null) throw failed("The session ended by itself:");
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  } finally {
    waiting.abort();
  }
}
