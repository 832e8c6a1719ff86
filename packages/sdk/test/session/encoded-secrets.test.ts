import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SecretSearch } from "../../src/session/secret-search.ts";
import { Redactor } from "../../src/session/secrets.ts";
import { readingOf, unescapeOnce } from "../../src/session/unescape.ts";

const redactorOf = (...secrets: string[]) => {
  const redactor = new Redactor();
  redactor.set("test", secrets);
  return redactor;
};

const each = (text: string, pattern: RegExp, to: (code: number) => string) =>
  text.replace(pattern, (sign) => to(sign.charCodeAt(0)));
const hex4 = (code: number) => code.toString(16).padStart(4, "0");
const ascii = (json: string) => each(json, /[^\0-\x7f]/g, (code) => `\\u${hex4(code)}`);
const bytes = (text: string) => Buffer.from(text, "utf8");

/** How servers of many kinds write a text inside of another one. */
const WRITERS: Readonly<Record<string, (text: string) => string>> = {
  "JSON.stringify": (text) => JSON.stringify(text),
  "json.dumps": (text) => ascii(JSON.stringify(text)),
  json_encode: (text) => ascii(JSON.stringify(text)).replaceAll("/", "\\/"),
  "JSON, every character": (text) => each(text, /[\s\S]/g, (code) => `\\u${hex4(code)}`),
  "JSON, capital digits": (text) => each(text, /[^a-z]/g, (code) => `\\u${hex4(code).toUpperCase()}`),
  repr: (text) => Array.from(bytes(text), (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  "a code point in braces": (text) =>
    Array.from(text, (sign) => (/[a-z]/.test(sign) ? sign : `\\u{${sign.codePointAt(0)?.toString(16)}}`)).join(""),
  encodeURIComponent,
  "percent, small digits": (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  "percent, every byte": (text) => Array.from(bytes(text), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  "percent of latin-1": (text) =>
    each(text, /[^A-Za-z0-9]/g, (code) => (code > 255 ? `%u${hex4(code)}` : `%${hex4(code).slice(2)}`)),
  form: (text) => new URLSearchParams({ "": text }).toString().slice(1),
  "html.escape": (text) =>
    text.replaceAll("&", "&amp;").replace(/[<>"']/g, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`),
  htmlentities: (text) =>
    text
      .replaceAll("&", "&amp;")
      .replaceAll('"', "&quot;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll("ä", "&auml;")
      .replaceAll("é", "&eacute;"),
  "HTML, every character": (text) => Array.from(text, (sign) => `&#${sign.codePointAt(0)};`).join(""),
  hex: (text) => bytes(text).toString("hex"),
  "hex, capital digits": (text) => bytes(text).toString("hex").toUpperCase(),
  base64: (text) => bytes(text).toString("base64"),
  base64url: (text) => bytes(text).toString("base64url"),
  "Basic credentials": (text) => bytes(`user:${text}`).toString("base64"),
};

const frame = (text: string) => `bad: ${text} :end`;

/** The letters that are left of a redacted text, beside those that we put there. */
function lettersLeft(clean: string): string {
  let reading = readingOf(clean.replaceAll("[secret]", ""));
  for (let next = unescapeOnce(reading); next !== undefined; next = unescapeOnce(next)) reading = next;
  return reading.text.replace(/^bad:|:end$|user:/g, "").replace(/[^\p{L}\x80-\xff]/gu, "");
}

describe("a secret that is written", () => {
  const secret = 'pässwörd"geheim/42\\n & <€😀>+1';
  for (const [name, write] of Object.entries(WRITERS)) {
    test(`by ${name} is masked`, () => {
      const clean = redactorOf(secret).redact(frame(write(secret)));
      expect([clean.includes("[secret]"), lettersLeft(clean)]).toEqual([true, ""]);
    });
  }

  test("in capitals or small letters is masked", () => {
    for (const changed of [secret.toUpperCase(), secret.toLowerCase(), encodeURIComponent(secret.toUpperCase())]) {
      expect(redactorOf(secret).redact(frame(changed))).toBe(frame("[secret]"));
    }
  });

  test("in JSON within JSON is masked in a reply, and what stands beside it is not", () => {
    const inner = `{"user":"me","password":${ascii(JSON.stringify(secret))}}`;
    const reply = JSON.stringify({ error: `bad request: ${JSON.stringify(inner)}`, code: 7 });
    expect(JSON.parse(redactorOf(secret).redactReply(reply))).toEqual({
      error: 'bad request: "{\\"user\\":\\"me\\",\\"password\\":\\"[secret]\\"}"',
      code: 7,
    });
  });

  test("by several writers, one after the other, is masked, whatever it is", () => {
    const signs = [..."abcdefghijklmnopqrstuvwxyzABCXYZ0123456789äéß€😀\"\\/%&+<>' ;#{}=:\n"];
    const secrets = fc.string({ unit: fc.constantFrom(...signs), minLength: 8, maxLength: 24 });
    const writers = fc.array(fc.constantFrom(...Object.keys(WRITERS)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(secrets, writers, (text, names) => {
        const written = names.reduce((inner, name) => WRITERS[name]!(inner), text);
        for (const clean of [redactorOf(text).redact(frame(written)), redactorOf(text).redactReply(frame(written))]) {
          expect(clean).toContain("[secret]");
          expect(lettersLeft(clean)).toBe("");
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("with an escape of its own is masked as it is, and escaped", () => {
    for (const text of ["a%41b%2Bcdef", "C:\\new\\tokens", "&amp;&#65;&lt;xyz", "\\u0041\\\\u0042\\q"]) {
      for (const write of [(same: string) => same, ...Object.values(WRITERS)]) {
        expect(redactorOf(text).redact(frame(write(text)))).toContain("[secret]");
      }
    }
  });
});

describe("a text without the secret", () => {
  const redactor = redactorOf("correct horse battery", "481516", 'pässwörd"geheim');
  test("is left as it is, whatever is escaped in it", () => {
    const texts = [
      'order 12 of BTC/USDT: {"price":"61250.00","note":"p\\u00e4ss"} 100% & 50%25 &lt;b&gt; C:\\temp\\new',
      "packages/sdk/src/session/secrets.ts:12:34 2026-11-22T19:19:01.000Z 0x7f3a9c00deadbeef",
      Buffer.from("what else is in base64, and long enough").toString("base64"),
      "\\ud83d \\u{110000} %zz &nosuch; &#99999999; \\",
    ];
    for (const text of texts) expect(redactor.redact(text)).toBe(text);
  });

  test("that asks for more work than is allowed is masked whole", () => {
    const text = "nothing ".repeat(1_000);
    expect(new SecretSearch(["a secret"], 2).find(text)).toEqual([]);
    expect(new SecretSearch(["a secret"], 0.5).find(text)).toEqual([[0, text.length]]);
    expect(new SecretSearch([], 0.5).find(text)).toEqual([]);
  });

  test("and base64 in base64, many times over, is left as it is", () => {
    let nested = "nothing to see here";
    for (let i = 0; i < 10; i++) nested = Buffer.from(nested).toString("base64");
    expect(redactor.redact(nested) === nested).toBe(true);
  });
});

test("of an endless reply the beginning is searched, and half a secret at its end is not in it", () => {
  const secret = "s3cret-".repeat(10);
  for (const before of [0, 60_000, 65_536 - 35, 65_536 - 1, 70_000]) {
    const clean = redactorOf(secret).redactReply(`${"x ".repeat(before / 2)}${secret}${" y".repeat(100_000)}`);
    expect(clean.length).toBeLessThanOrEqual(65_536);
    expect(clean).not.toContain("s3cret");
  }
});
