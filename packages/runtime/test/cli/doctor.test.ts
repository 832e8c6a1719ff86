import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { expect, test } from "vitest";
import { secret } from "../../src/config/secret-refs.ts";
import type { Check } from "../../src/doctor/check.ts";
import { run } from "./host.ts";

test("pitlane doctor looks at everything, says it in lines and in one document", async () => {
  const paper = await createPaper({ seed: 1, clock: createSystemClock() });
  try {
    const { code, out, cwd } = await run(["doctor", "--exchange", paper.urls.rest, "--json", "doctor.json"]);
    const { checks } = JSON.parse(readFileSync(join(cwd, "doctor.json"), "utf8")) as {
      readonly checks: readonly Check[];
    };
    const names = checks.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["node", "cores", "disk-sync", "journals", "plugins"]));
    expect(names).toEqual(expect.arrayContaining(["dns paper", "round-trip paper", "clock-offset paper"]));
    for (const { name, status, found, remedy } of checks) {
      expect(out).toContain(`${status.padEnd(7)} ${name}: ${found}`);
      if (status !== "ok") expect(out).toContain(remedy);
    }
    expect(code).toBe(checks.some(({ status }) => status === "failing") ? 1 : 0);
    expect(checks.find(({ name }) => name === "clock-offset paper")?.status).toBe("ok");
  } finally {
    await paper.close();
  }
});

test("a real venue of the settings is looked at: whether a session could start there, its keys, and its own address", async () => {
  const paper = await createPaper({ seed: 1, clock: createSystemClock() });
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-doctor-"));
  const urls = (({ rest, stream, wsApi }) => ({ rest, stream, wsApi }))(paper.urls);
  const settings = (venue: object) =>
    writeFileSync(join(cwd, "pitlane.config.json"), JSON.stringify({ venue: { name: "binance", urls, ...venue } }));
  const found = async (env: Readonly<Record<string, string>> = {}) => {
    await run(["doctor", "--json", "doctor.json"], { cwd, env });
    const { checks } = JSON.parse(readFileSync(join(cwd, "doctor.json"), "utf8")) as {
      readonly checks: readonly Check[];
    };
    return checks.filter(({ name }) => /venue|binance/.test(name)).map(({ name, status }) => `${status} ${name}`);
  };
  const place = ["ok dns binance", "ok round-trip binance", "ok clock-offset binance"];
  const PITLANE_SECRET_BINANCE_API_KEY = "a key";
  const PITLANE_SECRET_BINANCE_API_SECRET = "a secret";
  const PITLANE_PASSPHRASE = "correct horse";
  try {
    settings({});
    expect(await found()).toEqual(["failing venue", ...place]); // nothing to trade
    settings({ symbols: ["BTC/USDT"] });
    expect(await found({ PITLANE_SECRET_BINANCE_API_KEY })).toEqual(["ok venue", "failing venue-keys", ...place]);
    const both = { PITLANE_SECRET_BINANCE_API_KEY, PITLANE_SECRET_BINANCE_API_SECRET };
    expect(await found(both)).toEqual(["ok venue", "ok venue-keys", ...place]);
    for (const name of ["BINANCE_API_KEY", "BINANCE_API_SECRET"])
      await run(["secret", "set", name], { cwd, env: { PITLANE_PASSPHRASE }, piped: "a value" });
    expect(await found()).toEqual(["ok venue", "warning venue-keys", ...place]); // the store is locked
    expect(await found({ PITLANE_PASSPHRASE })).toEqual(["ok venue", "ok venue-keys", ...place]);
  } finally {
    await paper.close();
  }
});

test("settings that a plugin refuses are failing, with their place; where secrets are named, values are not looked at", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-doctor-"));
  writeFileSync(
    join(cwd, "strict.ts"),
    `const validate = () => ({ issues: [{ message: "must be 1 to 9", path: ["size"] }] });
    export default { kind: "pitlane-plugin", name: "strict", version: "1.0.0", config: { "~standard": { version: 1, vendor: "own", validate } }, setup() {} };`,
  );
  const found = async (config: object) => {
    const settings = { strategies: [{ use: "./strict.ts", config: { strict: config } }] };
    writeFileSync(join(cwd, "pitlane.config.json"), JSON.stringify(settings));
    return (await run(["doctor", "--exchange", "http://127.0.0.1:1"], { cwd })).out;
  };
  expect(await found({ size: 10 })).toMatch(
    /failing plugins: .*\n {2}strategies\[0\]\.config\.strict\.size.*must be 1 to 9/,
  );
  expect(await found({ size: 10, key: secret("FEED_KEY") })).toMatch(/ok {6}plugins: strict 1\.0\.0/);
});

test("a plugin for another version, an exchange that does not answer: failing, with what to do", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-doctor-"));
  writeFileSync(
    join(cwd, "old.ts"),
    'export default { kind: "pitlane-plugin", name: "old", version: "1.0.0", pitlane: "^99.0.0", setup() {} };',
  );
  writeFileSync(join(cwd, "pitlane.config.json"), JSON.stringify({ strategies: [{ use: "./old.ts" }] }));
  const { code, out } = await run(["doctor", "--exchange", "http://127.0.0.1:1"], { cwd });
  expect(out).toMatch(/failing plugins: old is for pitlane \^99\.0\.0, this is/);
  expect(out).toMatch(/failing round-trip paper: /);
  expect(code).toBe(1);
});
