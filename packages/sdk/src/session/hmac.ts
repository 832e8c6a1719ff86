import { createHash, createHmac, hash } from "node:crypto";

const BLOCK = 64; // bytes, of SHA-256
const DIGEST = 32;
const LONGEST = 4096; // bytes of a payload; a longer one is signed by node:crypto's own HMAC
const MOST_PER_UNIT = 3; // bytes of UTF-8 for one unit of a string

/**
 * HMAC-SHA-256 under one key, in hex: what `createHmac` gives, in less time and with nothing for the collector.
 *
 * An `Hmac` is a stream with a native object behind it, and where many orders are signed, making and collecting these is felt. Here the
 * key's two blocks are worked out once, and each payload is two one-shot hashes.
 * Source: RFC 2104, section 2.
 *
 * @param secret Its UTF-8 bytes are the key. It is held by closures alone, which no inspection shows.
 * @example
 * const sign = hmacSha256(secret);
 * sign("symbol=BTCUSDT&timestamp=1668481559918"); // 64 hex digits
 */
export function hmacSha256(secret: string): (payload: string) => string {
  const bytes = Buffer.from(secret, "utf8");
  const key = bytes.length > BLOCK ? createHash("sha256").update(bytes).digest() : bytes;
  const inner = Buffer.alloc(BLOCK + LONGEST, 0x36, "latin1"); // the key's block, and the payload behind it
  const outer = Buffer.alloc(BLOCK + DIGEST, 0x5c, "latin1"); // the key's block, and the inner hash behind it
  for (const [i, byte] of key.entries()) {
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  return (payload) => {
    if (payload.length * MOST_PER_UNIT > LONGEST) return createHmac("sha256", key).update(payload).digest("hex");
    const end = BLOCK + inner.write(payload, BLOCK);
    outer.write(hash("sha256", inner.subarray(0, end), "binary"), BLOCK, "binary");
    return hash("sha256", outer, "hex");
  };
}
