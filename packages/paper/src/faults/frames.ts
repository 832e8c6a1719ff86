import type { Random } from "@pitlane/perf";

/**
 * A copy of a frame with one bit changed in each of `bytes` bytes, chosen at random. The highest bit stays, so that text is still text: a
 * damaged message, not a damaged WebSocket.
 */
export function flipBits(data: Uint8Array, bytes: number, random: Random): Uint8Array {
  const copy = Uint8Array.from(data);
  const places = new Set<number>();
  while (places.size < Math.min(bytes, copy.length)) places.add(random.integer(0, copy.length - 1));
  for (const at of places) copy[at]! ^= 1 << random.integer(0, 6);
  return copy;
}

/** The beginning of a frame, cut at a random place before its end; text is cut between characters. */
export function truncate(data: Uint8Array, random: Random): Uint8Array {
  let end = data.length === 0 ? 0 : random.integer(0, data.length - 1);
  while (end > 0 && (data[end]! & 0xc0) === 0x80) end--;
  return data.subarray(0, end);
}
