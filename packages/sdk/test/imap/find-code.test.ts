import fc from "fast-check";
import { expect, test } from "vitest";
import { findCode, textOfHtml } from "../../src/imap/find-code.ts";

test.each([
  ["Your Axiom security code is 012345", "012345"],
  ["code:012345.", "012345"],
  ["012345", "012345"],
  ["12345", undefined],
  ["1234567", undefined],
  ["order 1234567, code 765432", "765432"],
  ["color: #123456; code 765432", "765432"],
  ["&#128274; code 765432", "765432"],
  ["", undefined],
])("six digits that stand alone: %j", (text, code) => {
  expect(findCode(text)).toBe(code);
});

test("a pattern's first group counts, or its whole match, and its flags keep no state", () => {
  expect(findCode("PIN AB-99", /PIN (\w\w-\d\d)/)).toBe("AB-99");
  expect(findCode("PIN AB-99", /[A-Z]{2}-\d\d/)).toBe("AB-99");
  const sticky = /\d{4}/gy;
  for (let i = 0; i < 3; i++) expect(findCode("1234 5678", sticky)).toBe("1234");
});

test("of HTML, what a reader sees", () => {
  const html = `<html><head><title>654321</title><style>p { color: #111111; width: 222222px }</style></head>
    <!-- 333333 --><body data-id="444444"><script>x = 555555;</script><p>Your code&nbsp;is&#128274;</p><b>765432</b></body></html>`;
  expect(textOfHtml(html).trim()).toBe("Your code is 765432");
  expect(findCode(textOfHtml(html))).toBe("765432");
});

test("whatever the mail, a code found is six digits of it", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: 999_999 }), fc.string(), (before, n, after) => {
      const code = String(n).padStart(6, "0");
      const text = `${before} ${code} ${after}`;
      const found = findCode(text);
      expect(found).toMatch(/^\d{6}$/);
      expect(text).toContain(found);
    }),
  );
});

test("HTML that never closes what it opens takes no time worth naming", () => {
  for (const piece of ["<", "<!--", "<style", "&#", "<title>"]) {
    expect(textOfHtml(piece.repeat(20_000))).not.toContain("<");
  }
});
