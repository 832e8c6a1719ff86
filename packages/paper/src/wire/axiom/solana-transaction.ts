import { toBase58 } from "../../models/axiom-base58.ts";
import { isSignedBy } from "./ed25519.ts";

/** What a signed transaction says about itself. Addresses and signatures are base58. */
export interface SignedTransaction {
  /** Its first signature, by which the chain knows it. */
  readonly signature: string;
  /** Who pays its fee: the first account. */
  readonly feePayer: string;
  readonly signatures: number;
}

/** The bytes are no signed v0 transaction; the message says why. */
export class TransactionFormError extends Error {
  override readonly name = "TransactionFormError";
}

/** Largest transaction the chain takes, in bytes. */
const MOST_BYTES = 1232;

const VERSION_0 = 0x80;

/**
 * Reads a signed v0 transaction: its form to the last byte, and every signature by the key it belongs to. What the instructions do is
 * not looked at.
 *
 * Source: Solana, "Transactions" (signatures, message header, accounts, blockhash, instructions, address table lookups) and compact-u16.
 *
 * @throws {TransactionFormError} When the form is broken, or a signature is missing or wrong.
 */
export function readTransaction(bytes: Uint8Array): SignedTransaction {
  if (bytes.length > MOST_BYTES) throw new TransactionFormError(`longer than ${MOST_BYTES} bytes`);
  const reader = new ByteReader(bytes);
  const count = reader.length();
  if (count === 0) throw new TransactionFormError("no signatures");
  const signatures = Array.from({ length: count }, () => reader.take(64));
  const message = bytes.subarray(reader.at);
  if (reader.byte() !== VERSION_0) throw new TransactionFormError("not a version 0 message");
  const required = reader.byte();
  reader.take(2); // how many accounts are read only
  const accounts = Array.from({ length: reader.length() }, () => reader.take(32));
  if (required !== count || accounts.length < count)
    throw new TransactionFormError("not as many signatures as signers");
  reader.take(32); // recent blockhash, or nonce
  const instructions = reader.length();
  if (instructions === 0) throw new TransactionFormError("no instructions");
  for (let i = 0; i < instructions; i++) {
    if (reader.byte() >= accounts.length) throw new TransactionFormError("a program that is no account");
    reader.take(reader.length()); // accounts
    reader.take(reader.length()); // data
  }
  for (let i = reader.length(); i > 0; i--) {
    reader.take(32); // a lookup table
    reader.take(reader.length()); // writable
    reader.take(reader.length()); // read only
  }
  if (reader.at !== bytes.length) throw new TransactionFormError("bytes after its end");
  signatures.forEach((signature, i) => {
    if (signature.every((byte) => byte === 0)) throw new TransactionFormError(`signature ${i} is missing`);
    if (!isSignedBy(accounts[i]!, message, signature)) {
      throw new TransactionFormError(`signature ${i} is not by account ${i}`);
    }
  });
  return { signature: toBase58(signatures[0]!), feePayer: toBase58(accounts[0]!), signatures: count };
}

class ByteReader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  take(count: number): Uint8Array {
    const end = this.at + count;
    if (end > this.#bytes.length) throw new TransactionFormError("ends too early");
    const taken = this.#bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  /** A compact-u16: 7 bits a byte, the lowest first, at most 3 bytes. */
  length(): number {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new TransactionFormError("a length of more than 3 bytes");
  }
}
