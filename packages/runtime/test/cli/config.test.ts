import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { configKeys } from "../../src/config/keys.ts";
import { formatPath } from "../../src/config/path.ts";
import { type RunOptions, run } from "./host.ts";

const folder = (files: Readonly<Record<string, string>> = {}) => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-cli-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return cwd;
};

const PLAIN = /\x1b\[[0-9;]*m/g;

describe("pitlane config", () => {
  test("prints every setting with its value and who set it", async () => {
    const cwd = folder({ "pitlane.config.yaml": 'seed: 7\nrisk: { maxOrderNotional: "500" }\nbus: { flushMs: 50 }\n' });
    const { code, out, err } = await run(
      [
        "config",
        "--print",
        "--profile",
        "production",
        "--set",
        "bus.batch=5",
        "--set",
        "closeTimeoutMs=700",
        "--json",
        "config.json",
      ],
      { cwd, env: { PITLANE_RISK__MAX_ORDER_NOTIONAL: "600", PITLANE_DEBUG: "true" } },
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const rows = out
      .replace(PLAIN, "")
      .trimEnd()
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/));
    const shown = new Map(rows.map(([path, value, from]) => [path, [value, from]]));
    expect(Object.fromEntries(shown)).toMatchObject({
      profile: ['"production"', "--profile"],
      seed: ["7", "pitlane.config.yaml"],
      "strategies[0].use": ['"@pitlane/plugin-strategies"', "default"],
      "risk.maxOrderNotional": ['"600"', "PITLANE_RISK__MAX_ORDER_NOTIONAL"],
      "risk.maxPositionNotional": ['"5000"', "default"],
      "bus.batch": ["5", "--set"],
      "bus.flushMs": ["50", "pitlane.config.yaml"],
      closeTimeoutMs: ["700", "--set"],
      debug: ["true", "PITLANE_DEBUG"],
      connections: ["50", "profile production"],
    });
    const paths = configKeys()
      .map(({ path }) => formatPath(path))
      .filter((path) => path !== "strategies");
    expect([...shown.keys()]).toEqual(expect.arrayContaining(paths));

    const document = JSON.parse(readFileSync(join(cwd, "config.json"), "utf8"));
    expect(document).toMatchObject({ file: "pitlane.config.yaml", profile: "production", secrets: [] });
    expect(document.config).toMatchObject({
      seed: 7,
      bus: { capacity: 10_000, batch: 5, flushMs: 50 },
      connections: 50,
    });
    expect(document.settings).toContainEqual({ path: "bus.batch", value: 5, layer: "flag", from: "--set" });
    expect(document.settings).toHaveLength(shown.size);
  });

  test("without --print says in a line that all is right", async () => {
    const { code, out } = await run(["config", "--set", "seed=3"], { cwd: folder() });
    expect(code).toBe(0);
    expect(out.replace(PLAIN, "")).toMatch(/^right: no config file, 1 of \d+ values are set/);
  });

  test("tells all that is wrong at once, and ends with 2", async () => {
    const cwd = folder({ "pitlane.config.json": '{ "seed": -1 }' });
    const { code, out, err } = await run(["config", "--set", "bus.bach=5"], { cwd, env: { PITLANE_SEDE: "4" } });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.replace(PLAIN, "").split("\n")).toEqual([
      "error: the configuration has wrong values:",
      "  PITLANE_SEDE is not a setting (did you mean PITLANE_SEED?) (from PITLANE_SEDE)",
      "  bus.bach is not a setting (did you mean batch?); there are capacity, batch, flushMs (from --set)",
      expect.stringMatching(/^ {2}seed: .* \(from pitlane\.config\.json\)$/),
      "",
    ]);
  });

  test("shows secrets by name, and where each would be taken from", async () => {
    const cwd = folder({
      "pitlane.config.json": JSON.stringify({
        strategies: [
          { use: "./x.ts", config: { x: { apiKey: `\${secret:ONE}`, more: [`\${secret:TWO}`, `\${secret:THREE}`] } } },
        ],
      }),
    });
    const env = { PITLANE_PASSPHRASE: "correct horse", PITLANE_SECRET_ONE: "value of one" };
    await run(["secret", "set", "TWO"], { cwd, env, piped: "value of two\n" });
    const { out } = await run(["config", "--print"], { cwd, env });
    const plain = out.replace(PLAIN, "");
    expect(plain).toContain(`"\${secret:ONE}"`);
    expect(plain).toContain("secret ONE  PITLANE_SECRET_ONE\n");
    expect(plain).toContain(`secret TWO  ${join(".pitlane", "secrets")}\n`);
    expect(plain).toContain("secret THREE  not set\n");
    expect(plain).not.toContain("value of");
    const locked = await run(["config"], { cwd });
    expect(locked.out.replace(PLAIN, "")).toContain(
      "secret TWO  .pitlane/secrets, perhaps: PITLANE_PASSPHRASE is not set",
    );
  });
});

describe("pitlane secret", () => {
  const env = { PITLANE_PASSPHRASE: "correct horse" };

  test("sets, lists and removes; a value is asked for or piped in, and shown nowhere", async () => {
    const cwd = folder();
    const ran = async (args: readonly string[], options: RunOptions = {}) => {
      const { code, out, err } = await run(["secret", ...args], { cwd, ...options });
      expect(out + err).not.toMatch(/piped value|typed value|correct horse/);
      return { code, out: out + err };
    };
    expect((await ran(["list"], { env })).out).toBe(`no secrets in ${join(".pitlane", "secrets")}\n`);
    expect(existsSync(join(cwd, ".pitlane"))).toBe(false);
    expect(await ran(["set", "PIPED"], { env, piped: "piped value\n" })).toEqual({
      code: 0,
      out: "PIPED is stored in .pitlane/secrets\n",
    });
    expect(await ran(["set", "TYPED"], { typed: ["correct horse", "typed value"] })).toEqual({
      code: 0,
      out: "Passphrase: \nValue of TYPED: \nTYPED is stored in .pitlane/secrets\n",
    });
    expect((await ran(["list", "--json", "names.json"], { env })).out).toBe("PIPED\nTYPED\n");
    expect(JSON.parse(readFileSync(join(cwd, "names.json"), "utf8"))).toEqual({ names: ["PIPED", "TYPED"] });
    expect((await ran(["remove", "PIPED"], { env })).code).toBe(0);
    expect(await ran(["remove", "PIPED"], { env })).toEqual({
      code: 2,
      out: expect.stringContaining("there is no secret PIPED"),
    });
    expect((await ran(["list"], { env })).out).toBe("TYPED\n");
  });

  test.each<readonly [string, readonly string[], RunOptions, string]>([
    [
      "no passphrase and no terminal",
      ["set", "A"],
      { piped: "value" },
      "set PITLANE_PASSPHRASE, or run this on a terminal",
    ],
    [
      "two passphrases that differ",
      ["set", "A"],
      { typed: ["correct horse", "correct house"] },
      "differ: nothing was written",
    ],
    ["a wrong name", ["set", "low"], { env }, '"low" is no name for a secret'],
    ["an empty value", ["set", "A"], { env, piped: "\n" }, "under 4 characters"],
    ["Ctrl-C at the question", ["set", "A"], { typed: [] }, "stopped: nothing was entered"],
    ["a short passphrase", ["set", "A"], { env: { PITLANE_PASSPHRASE: "short" } }, "at least 8 characters"],
  ])("%s ends with one clear message and code 2, and writes nothing", async (_, args, options, message) => {
    const { code, err, cwd } = await run(["secret", ...args], options);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(existsSync(join(cwd, ".pitlane"))).toBe(false);
  });

  test("a wrong passphrase is told before the value is asked for", async () => {
    const { cwd } = await run(["secret", "set", "A"], { env, piped: "value" });
    const { code, err, out } = await run(["secret", "set", "B"], { cwd, typed: ["wrong horse"] });
    expect({ code, out }).toEqual({ code: 2, out: "Passphrase: \n" });
    expect(err).toContain("sealed with another passphrase: check PITLANE_PASSPHRASE");
  });
});

describe("the frame", () => {
  test.each([
    ["a mistyped command", ["confg"], "(Did you mean config?)"],
    ["a mistyped flag", ["config", "--prnt"], "(Did you mean --print?)"],
    ["a wrong profile", ["start", "--profile", "prod"], "--profile has a wrong value:\n  profile: "],
    [
      "a wrong setting",
      ["run", "./x.ts", "--set", "seed=x"],
      '--set has a wrong value:\n  seed: must be a number; got "x"',
    ],
    ["a secret that is not set", ["run", "./x.ts", "--config", "secret.json"], "PITLANE_SECRET_KEY"],
  ])("%s ends with one clear message and code 2", async (_, args, message) => {
    const cwd = folder({
      "secret.json": `{ "strategies": [{ "use": "x.ts", "config": { "x": { "apiKey": "\${secret:KEY}" } } }] }`,
    });
    const { code, err, out } = await run(args, { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.replace(PLAIN, "")).toContain(message);
    expect(err).not.toMatch(/\n\s+at /);
    expect(existsSync(join(cwd, ".pitlane"))).toBe(false);
  });

  test("a secret is masked in whatever a plugin says, and debug shows the stack of its error without it too", async () => {
    const cwd = folder({
      "leaks.ts": `import { definePlugin } from "pitlane";
        const validate = (value) => ({ issues: [{ message: "is " + value.apiKey }] });
        export default definePlugin({ name: "leaks", config: { "~standard": { version: 1, vendor: "x", validate } }, setup() {} });
      `,
      "pitlane.config.json": `{ "debug": true, "strategies": [{ "use": "./leaks.ts", "config": { "leaks": { "apiKey": "\${secret:KEY}" } } }] }`,
    });
    const { code, err, out } = await run(["start"], { cwd, env: { PITLANE_SECRET_KEY: "planted-value" } });
    expect(err.replace(PLAIN, "")).toContain("is [secret]");
    expect(code).toBe(2);
    expect(err).toMatch(/\n\s+at /);
    expect(out + err).not.toContain("planted-value");
  });
});
