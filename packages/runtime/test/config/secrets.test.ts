import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileStore } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { findSecrets } from "../../src/config/find-secrets.ts";
import { insertSecrets, secret, secretNames } from "../../src/config/secret-refs.ts";
import { createSecretStore } from "../../src/config/secret-store.ts";
import { checkConfig } from "../../src/config.ts";

const PASSPHRASE = "correct horse";
const setUp = (
  passphrase = PASSPHRASE,
  path = join(mkdtempSync(join(tmpdir(), "pitlane-secrets-")), "a", "secrets"),
) => ({
  path,
  store: createSecretStore({ path, passphrase, scryptLogN: 10 }),
});

const withConfig = (config: unknown) => () =>
  checkConfig({ strategies: [{ use: "./mine.ts", config: { mine: config } }] }, "pitlane.config.ts");

test.each([
  ["apiSecret", "s3cret", "API_SECRET"],
  ["api_key", "k", "API_KEY"],
  ["password", 1234, "PASSWORD"],
  ["privateKey", [12, 34], "PRIVATE_KEY"],
  ["token", "t", "TOKEN"],
  ["feed-access-token", "t", "FEED_ACCESS_TOKEN"],
])("a config that holds a secret, %s, is refused with the remedy and without the secret", (name, value, proposed) => {
  const refused = withConfig({ deep: { [name]: value } });
  expect(refused).toThrow(`write "\${secret:${proposed}}" and set it by \`pitlane secret set ${proposed}\``);
  expect(refused).toThrow(`PITLANE_SECRET_${proposed}`);
  expect(refused).not.toThrow(/s3cret|1234/);
});

test("names of assets, references, flags and empty texts are no secrets in clear", () => {
  const config = {
    baseToken: "SOL",
    apiKey: secret("FEED_KEY"),
    token: "",
    password: `Bearer \${secret:B}`,
    secret: true,
  };
  expect(withConfig(config)).not.toThrow();
  expect(withConfig({ note: `\${secret:low-case}` })).toThrow(`\${secret:low-case} is no reference to a secret`);
  expect(() => secret("low-case")).toThrow('"low-case" is no name for a secret');
});

test("secrets stand in the places of their names, whatever characters they have, and the config keeps the names", () => {
  const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,9}$/);
  fc.assert(
    fc.property(name, fc.string({ minLength: 4 }), fc.string(), (one, value, before) => {
      fc.pre(!before.includes("${"));
      const config = { list: [{ text: `${before}\${secret:${one}}!`, count: 1 }], when: new Date(0) };
      expect(secretNames(config)).toEqual([one]);
      expect(insertSecrets(config, new Map([[one, value]]))).toEqual({
        list: [{ text: `${before}${value}!`, count: 1 }],
        when: new Date(0),
      });
      expect(config.list[0]?.text).toBe(`${before}\${secret:${one}}!`);
    }),
  );
});

test("the environment wins over the store, which is opened once and only when needed; all that is missing is named", async () => {
  let opened = 0;
  const openStore = async () => {
    opened++;
    return { get: async (name: string) => (name === "STORED" || name === "BOTH" ? `${name} of the store` : undefined) };
  };
  const env = { PITLANE_SECRET_BOTH: "both of env", PITLANE_SECRET_EMPTY: "", PITLANE_SECRET_SHORT: "abc" };
  expect(await findSecrets(["BOTH"], { env, openStore })).toEqual(new Map([["BOTH", "both of env"]]));
  expect(opened).toBe(0);
  expect([...(await findSecrets(["BOTH", "STORED"], { env, openStore })).values()]).toEqual([
    "both of env",
    "STORED of the store",
  ]);
  expect(opened).toBe(1);
  await expect(findSecrets(["EMPTY", "STORED", "NONE"], { env, openStore })).rejects.toThrow(
    "the settings name secrets that are not set:\n  EMPTY: run `pitlane secret set EMPTY`, or set PITLANE_SECRET_EMPTY\n  NONE:",
  );
  await expect(findSecrets(["ANY"], { env: {}, openStore: async () => undefined })).rejects.toThrow(
    "a secret that is not set",
  );
  await expect(findSecrets(["SHORT"], { env, openStore })).rejects.toThrow("under 4 characters");
});

test("the store keeps secrets in a sealed file of mode 0600, through processes", async () => {
  const { path, store } = setUp();
  expect(await store.list()).toEqual([]);
  await Promise.all([store.set("B", "value of B"), store.set("A", "value of A")]);
  await store.set("A", "second of A");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const bytes = readFileSync(path, "latin1");
  expect(bytes).not.toMatch(/value of|second of|secrets/);
  const { store: later } = setUp(PASSPHRASE, path);
  expect(await later.list()).toEqual(["A", "B"]);
  expect(await later.get("A")).toBe("second of A");
  expect(await later.get("C")).toBeUndefined();
  expect([await later.remove("A"), await later.remove("A")]).toEqual([true, false]);
  expect(await store.list()).toEqual(["B"]);
  await expect(store.set("low", "value")).rejects.toThrow("is no name for a secret");
  await expect(store.set("LOW", "abc")).rejects.toThrow("under 4 characters");
});

test("a wrong passphrase, an altered, foreign or open file is refused as such, in words of secrets", async () => {
  const { path, store } = setUp();
  await store.set("A", "value of A");
  const wrong = setUp("another horse", path).store;
  await expect(wrong.get("A")).rejects.toThrow(
    `the secrets file ${path} cannot be used: it was sealed with another passphrase: check PITLANE_PASSPHRASE`,
  );
  await expect(wrong.set("B", "value of B")).rejects.toThrow("another passphrase");
  expect(await store.list()).toEqual(["A"]);

  chmodSync(path, 0o644);
  await expect(store.list()).rejects.toThrow("run chmod 600");
  chmodSync(path, 0o600);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  await expect(store.list()).rejects.toThrow("altered or cut short");

  const foreign = setUp();
  await createFileStore({ path: foreign.path, passphrase: PASSPHRASE, scryptLogN: 10 }).save({ accessToken: "x" });
  await expect(foreign.store.list()).rejects.toThrow("holds no secrets but something else");
  expect(() => setUp("short")).toThrow("at least 8 characters");
});
