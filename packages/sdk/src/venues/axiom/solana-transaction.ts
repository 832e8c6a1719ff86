import { InvalidInputError } from "@pitlane/perf";
import { base58 } from "@scure/base";

/** What a signed transaction says of itself. */
export interface TransactionFacts {
  /** Base58 of its first signature: the chain knows it by that, and takes it once only. */
  readonly signature: string;
  /** Who pays its fee, and signed first. */
  readonly feePayer: string;
  readonly base64: string;
}

const MOST_BYTES = 1_232; // of a transaction: the smallest IPv6 packet less its headers
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;

/**
 * Reads a signed version 0 transaction as far as it must be known before it is sent: that it is one, that every signature is there,
 * its id and its fee payer. Whether signatures fit is the chain's to judge.
 *
 *     count  64 bytes each  0x80     3 bytes  count  32 bytes each
 *     [ n ][ signatures  ][version][ header ][  m ][ account keys ][ the rest ]
 *
 * Source: Solana, "Transactions" (compact-u16 counts; the message's version in the byte with the highest bit set; packet size).
 *
 * @throws {InvalidInputError} Naming `name` and the rule. Never shows the transaction.
 */
export function readTransaction(name: string, transaction: Uint8Array | string): TransactionFacts {
  const bytes = toBytes(name, transaction);
  const refuse = (rule: string) => new InvalidInputError(`${name} must be a signed version 0 transaction: ${rule}`);
  if (bytes.length > MOST_BYTES) throw refuse(`at most ${MOST_BYTES} bytes, got ${bytes.length}`);
  // Counts of this size are one byte: more signatures or keys than 127 do not fit the packet.
  const signatures = bytes[0] ?? 0;
  if (signatures < 1 || signatures > 19) throw refuse("1 to 19 signatures");
  const message = 1 + signatures * SIGNATURE_BYTES;
  const keys = message + 5;
  const keyCount = bytes[message + 4] ?? 0;
  if (bytes[message] !== 0x80) throw refuse("its message must begin with version 0");
  if (bytes[message + 1] !== signatures) throw refuse("as many signatures as its header asks for");
  if (keyCount < signatures || keyCount > 127 || bytes.length < keys + keyCount * KEY_BYTES) {
    throw refuse("all of its account keys");
  }
  for (let at = 1; at < message; at += SIGNATURE_BYTES) {
    if (bytes.subarray(at, at + SIGNATURE_BYTES).every((byte) => byte === 0)) throw refuse("no signature may be empty");
  }
  return {
    signature: base58.encode(bytes.subarray(1, 1 + SIGNATURE_BYTES)),
    feePayer: base58.encode(bytes.subarray(keys, keys + KEY_BYTES)),
    base64: Buffer.from(bytes).toString("base64"),
  };
}

function toBytes(name: string, transaction: Uint8Array | string): Uint8Array {
  if (transaction instanceof Uint8Array) return transaction;
  const isBase64 =
    typeof transaction === "string" && transaction.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(transaction);
  if (isBase64) return Buffer.from(transaction, "base64");
  throw new InvalidInputError(`${name} must be the bytes of a signed transaction, or their base64 with padding`);
}
