import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from "node:zlib";

/** How the pages of a segment are compressed, by Parquet's names. */
export type SegmentCodecName = "UNCOMPRESSED" | "SNAPPY" | "GZIP" | "BROTLI";

const BROTLI_QUALITY = 5;

/** Packs pages for a writer of Parquet; Snappy it has itself. */
export const COMPRESSORS = {
  GZIP: (page: Uint8Array) => gzipSync(page),
  BROTLI: (page: Uint8Array) =>
    brotliCompressSync(page, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
} as const;

/** Unpacks them for a reader: all that a segment may have been written with. */
export const DECOMPRESSORS = {
  GZIP: (page: Uint8Array) => gunzipSync(page),
  BROTLI: (page: Uint8Array) => brotliDecompressSync(page),
} as const;

// Both by measurement: see "Segments" in the guide to the journal.

/** For columns, which others read too: within 3 % of the smallest, and known to every reader of Parquet. */
export const COLUMN_CODEC: SegmentCodecName = "GZIP";

/** For bodies as they are: the smallest, of JSON by a third. */
export const BODY_CODEC: SegmentCodecName = "BROTLI";
