import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { afterEach, expect, test } from "vitest";
import type { SwapReport } from "../../src/plugins/host.ts";
import { reloadOnSave } from "../../src/plugins/hot-reload.ts";
import { loadPlugins } from "../../src/plugins/load.ts";
import { createTestHost, testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const code = (version: string, step: number, more = "") =>
  `
  import { defineStrategy, InvalidStep } from "pitlane";
  import { createRandom } from "@pitlane/perf";
  ${more}
  const step: number = ${step} + 0 * createRandom(1).next();
  export default defineStrategy({
    name: "counter",
    version: "${version}",
    setup(ctx) {
      let count = 0;
      ctx.on("quote", (quote) => {
        count += step;
        if (count === 1) ctx.submit({ instrument: quote.instrument, side: "buy", type: "limit", priceTicks: 100, sizeLots: 100000 });
        ctx.log(\`count \${count}, open \${ctx.openOrders().length}\`);
      });
      return { snapshot: () => count, hydrate: (old) => { count = old; } };
    },
  });`.replace(", InvalidStep", "");

async function setUp() {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-reload-"));
  ends.push(() => rmSync(cwd, { recursive: true }));
  const path = join(cwd, "counter.ts");
  writeFileSync(path, code("1.0.0", 1));
  const [plugin] = await loadPlugins("./counter.ts", { cwd });
  const host = await createTestHost({ plugin: plugin!, instruments: [instrument] });
  const reports: SwapReport[] = [];
  const failures: string[] = [];
  let heard = () => {};
  const news = () => new Promise<void>((resolve) => (heard = resolve));
  const end = reloadOnSave({
    host: host.plugins,
    name: "counter",
    source: { from: "./counter.ts", cwd },
    clock: createSystemClock(),
    onReload: (report) => {
      reports.push(report);
      heard();
    },
    onFailure: (message) => {
      failures.push(message);
      heard();
    },
  });
  ends.push(end);
  const quote = () => host.quote({ bidTicks: 100, askTicks: 102 });
  return { cwd, path, host, reports, failures, news, quote };
}

test("saving the file swaps the strategy with its state and its orders", async () => {
  const { path, host, reports, failures, news, quote } = await setUp();
  quote();
  quote();
  const reloaded = news();
  writeFileSync(path, code("1.1.0", 100));
  await reloaded;
  quote();
  expect(failures).toEqual([]);
  expect(host.logged).toEqual(["count 1, open 1", "count 2, open 1", "count 102, open 1"]);
  expect(reports).toMatchObject([{ plugin: "counter", fromVersion: "1.0.0", toVersion: "1.1.0" }]);
});

test("an editor that writes another file and renames it over is seen too", async () => {
  const { cwd, path, reports, news } = await setUp();
  const reloaded = news();
  writeFileSync(join(cwd, "counter.ts.tmp"), code("1.2.0", 5));
  renameSync(join(cwd, "counter.ts.tmp"), path);
  await reloaded;
  expect(reports[0]?.toVersion).toBe("1.2.0");
});

test("code that does not load leaves the old one running, tells why, and the next save is tried again", async () => {
  const { path, host, reports, failures, news, quote } = await setUp();
  quote();
  const failed = news();
  writeFileSync(path, code("1.1.0", 100, "const = ;"));
  await failed;
  quote();
  expect(failures[0]).toMatch(/^the old code of counter runs on: \.\/counter\.ts failed while loading/);
  const reloaded = news();
  writeFileSync(path, code("1.1.0", 100));
  await reloaded;
  quote();
  expect(reports).toHaveLength(1);
  expect(host.logged).toEqual(["count 1, open 1", "count 2, open 1", "count 102, open 1"]);
});
