// Readers of text in the bytes of answers, beside those of scan.ts and under their rule: "no" may be said freely, and "yes" only where
// JSON.parse would give the very same. All of them say no to an index of -1, so that a chain of them is checked once, at its end.

const QUOTE = 34;

/** Bytes that stand for themselves, of a text in ASCII. */
// A bundle of which no reader of answers is a part has none of their texts either.
/* @__NO_SIDE_EFFECTS__ */
export function literal(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** All bytes of `expected`. */
export function skipLiteral(data: Uint8Array, at: number, expected: Uint8Array): number {
  const { length } = expected;
  for (let i = 0; i < length; i++) if (data[at + i] !== expected[i]) return -1;
  return at + length;
}

/** `text` in quotes; no to one that is not plain ASCII. */
export function skipSame(data: Uint8Array, at: number, text: string): number {
  const { length } = text;
  if (data[at] !== QUOTE || data[at + 1 + length] !== QUOTE) return -1;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code > 126 || code === QUOTE || code === 92 || data[at + 1 + i] !== code) return -1;
  }
  return at + length + 2;
}

/** `null`. */
export function skipNull(data: Uint8Array, at: number): number {
  const isNull = data[at] === 110 && data[at + 1] === 117 && data[at + 2] === 108 && data[at + 3] === 108;
  return isNull ? at + 4 : -1;
}

/** The text between two quotes, as `skipText` has found it. @param end Behind the second one. */
export function textAt(data: Buffer, at: number, end: number): string {
  return data.toString("latin1", at + 1, end - 1);
}
