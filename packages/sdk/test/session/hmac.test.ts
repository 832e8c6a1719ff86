import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hmacSha256 } from "../../src/session/hmac.ts";

const text = (maxLength: number) => fc.string({ unit: "binary", maxLength });

test("it is what node:crypto's HMAC gives, for any key and payload, one after the other", () => {
  fc.assert(
    fc.property(text(100), fc.array(text(300), { maxLength: 5 }), (secret, payloads) => {
      const sign = hmacSha256(secret);
      for (const payload of payloads)
        expect(sign(payload)).toBe(createHmac("sha256", secret).update(payload).digest("hex"));
    }),
  );
});

test("keys about a block long, and payloads about as long as its buffer", () => {
  for (const length of [0, 1, 63, 64, 65, 200]) {
    const secret = "é".repeat(length);
    const sign = hmacSha256(secret);
    for (const size of [0, 55, 56, 64, 1365, 1366, 4096, 10_000]) {
      const payload = "€".repeat(size);
      expect(sign(payload)).toBe(createHmac("sha256", secret).update(payload).digest("hex"));
    }
  }
});

// RFC 4231, test case 2.
test("a published vector", () => {
  expect(hmacSha256("Jefe")("what do ya want for nothing?")).toBe(
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
});
