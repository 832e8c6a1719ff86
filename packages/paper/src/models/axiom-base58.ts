/** The digits of base58, by value. */
export const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const DIGITS: ReadonlyMap<string, number> = new Map([...ALPHABET].map((letter, digit) => [letter, digit]));

/** Longest text read, in characters: a signature has at most 88, and the work grows with the square. */
const MOST_CHARACTERS = 128;

/**
 * Bytes as base58: addresses and signatures as Solana writes them.
 *
 * Source: Bitcoin's base58 alphabet, without a checksum; every leading zero byte is one leading "1".
 */
export function toBase58(bytes: Uint8Array): string {
  const digits: number[] = []; // base 58, the lowest first
  for (const byte of bytes) {
    let carry = byte;
    for (let i = 0; i < digits.length; i++) {
      carry += digits[i]! * 256;
      digits[i] = carry % 58;
      carry = Math.floor(carry / 58);
    }
    for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
  }
  let text = "1".repeat(leading(bytes, 0));
  for (let i = digits.length - 1; i >= 0; i--) text += ALPHABET[digits[i]!];
  return text;
}

/** The bytes of base58 text; undefined when a character is none of the alphabet, or there are more than 128. */
export function fromBase58(text: string): Uint8Array | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const bytes: number[] = []; // the lowest first
  for (const letter of text) {
    const digit = DIGITS.get(letter);
    if (digit === undefined) return undefined;
    let carry = digit;
    for (let i = 0; i < bytes.length; i++) {
      carry += bytes[i]! * 58;
      bytes[i] = carry & 255;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 255);
  }
  const zeros = leading([...text], "1");
  return Uint8Array.from([...new Array<number>(zeros).fill(0), ...bytes.reverse()]);
}

/** True for the base58 of 32 bytes: a wallet, a token, a pair. */
export function isAddress(value: unknown): value is string {
  return typeof value === "string" && fromBase58(value)?.length === 32;
}

function leading<T>(items: ArrayLike<T>, value: T): number {
  let count = 0;
  while (count < items.length && items[count] === value) count++;
  return count;
}
