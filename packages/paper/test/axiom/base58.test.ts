import fc from "fast-check";
import { expect, test } from "vitest";
import { fromBase58, isAddress, toBase58 } from "../../src/models/axiom-base58.ts";

test("writes what others write", () => {
  // Source: the IETF draft "The Base58 Encoding Scheme", test vectors.
  expect(toBase58(Buffer.from("Hello World!"))).toBe("2NEpo7TZRRrLZSi2U");
  expect(toBase58(Buffer.from("0000287fb4cd", "hex"))).toBe("11233QC4");
  expect(toBase58(new Uint8Array(32))).toBe("1".repeat(32));
  expect(toBase58(new Uint8Array(0))).toBe("");
});

test("reads back whatever it writes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(fromBase58(toBase58(bytes))).toEqual(bytes);
    }),
  );
});

test("takes no letter outside the alphabet, and no endless text", () => {
  for (const text of ["0", "O", "I", "l", "é", "a b", "1".repeat(129)]) expect(fromBase58(text)).toBeUndefined();
});

test("an address is the base58 of 32 bytes, and nothing else", () => {
  expect(isAddress(toBase58(new Uint8Array(32).fill(255)))).toBe(true);
  expect(isAddress(toBase58(new Uint8Array(31).fill(255)))).toBe(false);
  expect(isAddress(toBase58(new Uint8Array(33).fill(255)))).toBe(false);
  expect(isAddress(32)).toBe(false);
  expect(isAddress("")).toBe(false);
});
