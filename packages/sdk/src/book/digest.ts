import { createHash } from "node:crypto";
import { check } from "../checks.ts";
import type { Instrument } from "../model/instrument.ts";
import { formatScaled } from "../model/scale.ts";
import type { OrderBook } from "./order-book.ts";

/**
 * The SHA-256 of a whole book, in hex: two books have the same one when every level is the same.
 *
 * Hashed are lines `b PRICE SIZE` (bids, best first), then `a PRICE SIZE` (asks, best first), joined by newlines with none at
 * the end; numbers in plain decimal notation without trailing zeros, so that the digest does not depend on the scale.
 *
 * @throws {InvalidInputError} When `book` is none.
 * @example
 * bookDigest(book, instrument) === bookDigest(replayed, instrument);
 */
export function bookDigest(book: OrderBook, instrument: Instrument): string {
  check(typeof book?.forEachLevel === "function", "book", "an OrderBook", book);
  const lines: string[] = [];
  const line = (mark: string) => (ticks: number, lots: number) => {
    lines.push(
      `${mark} ${formatScaled(ticks, instrument.priceDecimals)} ${formatScaled(lots, instrument.sizeDecimals)}`,
    );
  };
  book.forEachLevel("bid", line("b"));
  book.forEachLevel("ask", line("a"));
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}
