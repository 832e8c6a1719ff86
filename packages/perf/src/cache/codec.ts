/** Turns values into the text that tiers below the first keep, and back. */
export interface Codec<V> {
  /** @throws When `value` has no text; it is then kept in the first tier alone. */
  encode(value: V): string;
  /** Should check what it reads: other processes, and older versions of this one, may have written it. @throws When it is no value. */
  decode(text: string): V;
}

/**
 * JSON, unchecked: what was written is trusted to have the type. Refuses what JSON has no text for (a bigint, a function).
 *
 * @example
 * const codec = jsonCodec<{ bidTicks: number }>();
 * codec.decode(codec.encode({ bidTicks: 6_512_345 })).bidTicks; // 6512345
 */
export function jsonCodec<V>(): Codec<V> {
  return {
    encode: (value) => {
      const text: string | undefined = JSON.stringify(value);
      if (text === undefined) throw new TypeError(`JSON has no text for a ${typeof value}`);
      return text;
    },
    decode: (text) => JSON.parse(text) as V,
  };
}
