import { createPublicKey, verify } from "node:crypto";

// A public key of 32 bytes becomes SubjectPublicKeyInfo behind this. Source: RFC 8410, section 4.
const SPKI_HEAD = Buffer.from("302a300506032b6570032100", "hex");

/** True when `signature` is that of `message` by the Ed25519 key of these 32 bytes. */
export function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, publicKey]), format: "der", type: "spki" });
  return verify(null, message, key, signature);
}
