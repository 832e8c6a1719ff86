import { generateKeyPairSync, sign } from "node:crypto";
import { base58 } from "@scure/base";

/** A wallet with its key. */
export interface TestWallet {
  readonly address: string;
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

export function createWallet(): TestWallet {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  return { address: base58.encode(raw), publicKey: raw, sign: (message) => sign(null, message, privateKey) };
}

/** A version 0 transaction of one instruction, signed by all `signers`; `memo` is what the instruction says. */
export function createTransaction(signers: readonly TestWallet[], memo: string): Uint8Array {
  const data = Buffer.from(memo);
  const message = Buffer.concat([
    Uint8Array.of(0x80, signers.length, 0, 1, signers.length + 1),
    ...signers.map(({ publicKey }) => publicKey),
    new Uint8Array(32).fill(7), // the program
    new Uint8Array(32).fill(9), // a recent blockhash
    Uint8Array.of(1, signers.length, 1, 0, data.length),
    data,
    Uint8Array.of(0), // no lookup tables
  ]);
  return Buffer.concat([Uint8Array.of(signers.length), ...signers.map((signer) => signer.sign(message)), message]);
}
