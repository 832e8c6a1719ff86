import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Redactor, Secret } from "../../src/session/secrets.ts";

describe("a secret", () => {
  const text = "hunter2-hunter2";
  const secret = new Secret(text);

  test("is shown by reveal alone", () => {
    expect(secret.reveal()).toBe(text);
    const shown = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret, { showHidden: true, depth: null }),
      inspect({ ...secret }, { showHidden: true }),
      inspect(structuredClone(secret)),
    ].join("\n");
    expect(shown).not.toContain("hunter2");
    expect(shown.match(/\[secret\]/g)).toHaveLength(4);
  });
});

describe("a redactor", () => {
  const redactorOf = (...secrets: string[]) => {
    const redactor = new Redactor();
    redactor.set("test", secrets);
    return redactor;
  };

  test("leaves texts alone while it knows no secret, or only short ones", () => {
    expect(new Redactor().redact("a text")).toBe("a text");
    expect(redactorOf("", "abc").redact("abc")).toBe("abc");
  });

  test("masks every occurrence, of the longest secret that fits", () => {
    expect(redactorOf("token", "token-of-mine").redact("token-of-mine, token; token")).toBe(
      "[secret], [secret]; [secret]",
    );
  });

  test("masks a secret as URLs, forms and JSON write it", () => {
    const secret = 'p@ss wörd/"1"';
    const redactor = redactorOf(secret);
    const form = new URLSearchParams({ secret }).toString();
    const texts = [secret, encodeURIComponent(secret), JSON.stringify(secret), form];
    for (const text of texts) expect(redactor.redact(text)).toContain("[secret]");
    expect(texts.map((text) => redactor.redact(text)).join(" ")).not.toMatch(/p@ss|p%40ss|w%C3|wörd/);
  });

  test("masks all of a base64 or hex text that a secret is in, at whatever offset", () => {
    const secret = "correct horse battery";
    const redactor = redactorOf(secret);
    for (const before of ["", "a", "ab", "abc", "user:"]) {
      for (const encoding of ["base64", "base64url", "hex"] as const) {
        const text = Buffer.from(`${before}${secret}!!`).toString(encoding);
        for (const stuck of ["", "a", "ab", "abc"]) {
          expect(redactor.redact(`is ${stuck}${text.replaceAll("=", "")} here`)).toBe("is [secret] here");
        }
        const other = `is ${Buffer.from(`${before}correct horse batt`).toString(encoding)} here`;
        expect(redactor.redact(other)).toBe(other);
      }
    }
  });

  test("masks the lines of a key on their own", () => {
    const line = "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u";
    const pem = `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n`;
    const redactor = redactorOf(pem);
    expect(redactor.redact(`bad line: ${line}`)).toBe("bad line: [secret]");
    expect(redactor.redact(JSON.stringify({ key: pem }))).not.toContain(line.slice(0, 20));
    expect(redactor.redact("-----BEGIN PRIVATE KEY-----")).toBe("-----BEGIN PRIVATE KEY-----");
  });

  test("replaces what it knew under a name and keeps the rest", () => {
    const redactor = redactorOf("first-token");
    redactor.set("other", ["api-key"]);
    redactor.set("test", ["second-token"]);
    expect(redactor.redact("first-token second-token api-key")).toBe("first-token [secret] [secret]");
    redactor.set("test", []);
    redactor.set("other", []);
    expect(redactor.redact("second-token api-key")).toBe("second-token api-key");
  });

  test("shows no secret when it is printed", () => {
    expect(inspect(redactorOf("first-token"), { showHidden: true, depth: null })).not.toContain("first");
  });

  test("whatever the secret and the text around it, the secret is gone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 4 }), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!"[secret]".includes(secret) && !before.includes(secret) && !after.includes(secret));
        const redactor = redactorOf(secret);
        const clean = redactor.redact(`${before}\n${secret}\n${after}`);
        expect(clean).toContain("[secret]");
        expect(clean.split("[secret]").join("\n\n")).not.toContain(secret);
      }),
    );
  });
});
