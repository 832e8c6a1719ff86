import type { Histogram } from "hdr-histogram-js";
import { InvalidInputError } from "../errors.ts";
import { HIGHEST_LATENCY_NS, LatencyHistogram } from "./latency-histogram.ts";

// Every bucket of a whole histogram takes at most 9 bytes before compression, and a third more as base64.
const LONGEST_TEXT = 450_000;

// Loaded when first needed: the library takes longer to import (30 ms) than the rest of this package.
const loadHdr = () => import("hdr-histogram-js");

/**
 * A histogram of hdr-histogram-js with what `histogram` holds, for that library's percentile tables, logs and iterators.
 *
 * Its layout is 1 ns to 1 h with three digits and 64-bit counts. Its maximum is ours, and so are its percentiles, but that it gives
 * the upper end of a bucket also where the maximum is less.
 *
 * @example
 * const hdr = await toHdrHistogram(latency);
 * console.log(hdr.outputPercentileDistribution());
 */
export async function toHdrHistogram(histogram: LatencyHistogram): Promise<Histogram> {
  const { build } = await loadHdr();
  const hdr = build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_LATENCY_NS,
    numberOfSignificantValueDigits: 3,
  });
  const { maxNs } = histogram;
  // The last bucket by its longest duration, which the library then keeps exactly.
  for (const { highestNs, count } of histogram.buckets()) hdr.recordValueWithCount(Math.min(highestNs, maxNs), count);
  return hdr;
}

/**
 * `histogram` as text: base64 of the compressed HdrHistogram V2 format, which its tools in other languages read as well.
 *
 * @example
 * process.send?.(await encodeHistogram(latency)); // the parent merges what its workers measured
 */
export async function encodeHistogram(histogram: LatencyHistogram): Promise<string> {
  const [{ encodeIntoCompressedBase64 }, hdr] = await Promise.all([loadHdr(), toHdrHistogram(histogram)]);
  return encodeIntoCompressedBase64(hdr);
}

/**
 * The histogram that `encodeHistogram` or another HdrHistogram tool encoded, its values taken as nanoseconds.
 *
 * Counts and percentiles are what was encoded, the maximum to three digits. Coarser layouts are read at the upper end of their
 * buckets, and values above 1 h as 1 h. For text from programs you trust: the library believes the sizes written in it.
 *
 * @throws {InvalidInputError} When `text` is no such encoding, or longer than any of ours (450,000 characters).
 * @example
 * total.merge(await decodeHistogram(text));
 */
export async function decodeHistogram(text: string): Promise<LatencyHistogram> {
  if (text.length > LONGEST_TEXT)
    throw new InvalidInputError(`an encoded histogram has at most ${LONGEST_TEXT} characters, got ${text.length}`);
  const { decodeFromCompressedBase64, JsHistogram } = await loadHdr();
  let hdr: Histogram;
  try {
    hdr = decodeFromCompressedBase64(text, 64);
  } catch (cause) {
    throw new InvalidInputError("not an HdrHistogram in compressed V2 base64", { cause });
  }
  if (!(hdr instanceof JsHistogram)) throw new TypeError("hdr-histogram-js decoded to a class it does not export");
  const histogram = new LatencyHistogram();
  for (let i = 0; i < hdr.countsArrayLength; i++) {
    const count = hdr.getCountAtIndex(i);
    if (count > 0) histogram.recordMany(hdr.highestEquivalentValue(hdr.valueFromIndex(i)), count);
  }
  return histogram;
}
