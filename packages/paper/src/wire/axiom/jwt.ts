import { createHmac, timingSafeEqual } from "node:crypto";

export type Claims = Readonly<Record<string, unknown>>;

const HEADER = encode({ alg: "HS256", typ: "JWT" });

/** A JSON Web Token over `claims`. Source: RFC 7515, section 3.1; HS256 of RFC 7518, section 3.2. */
export function signJwt(claims: Claims, key: Uint8Array): string {
  const signed = `${HEADER}.${encode(claims)}`;
  return `${signed}.${mac(signed, key).toString("base64url")}`;
}

/** The claims of a token made here with `key`; undefined of any other text. Says nothing of its times. */
export function verifyJwt(token: string, key: Uint8Array): Claims | undefined {
  const parts = token.split(".");
  if (parts.length !== 3 || parts[0] !== HEADER) return undefined;
  const given = Buffer.from(parts[2]!, "base64url");
  const right = mac(`${HEADER}.${parts[1]}`, key);
  if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
  return JSON.parse(Buffer.from(parts[1]!, "base64url").toString()) as Claims; // it was made here: it parses
}

function mac(text: string, key: Uint8Array): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
