import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from "node:crypto";
import { promisify } from "node:util";
import { SessionCorruptError, WrongPassphraseError } from "./errors.ts";

// A sealed file: 60 bytes of header, the ciphertext as long as the plaintext, 16 bytes of tag:
//
//   0  magic "PITLSESS"      8  format version, 1     9  log2 of scrypt's N    10  r    11  p
//   12 salt (16)            28  nonce (12)           40  key check (16)        56  header sum (4)
//
// The whole header is authenticated with the ciphertext. The key check tells a wrong passphrase from an altered file; the sum
// tells a damaged header from a wrong passphrase, before scrypt runs with parameters that nobody chose.
const MAGIC = Buffer.from("PITLSESS", "latin1");
const VERSION = 1;
const SALT_AT = 12;
const NONCE_AT = 28;
const CHECK_AT = 40;
const SUM_AT = 56;
const HEADER_BYTES = 60;
const TAG_BYTES = 16;
const SALT_BYTES = 16;
const NONCE_BYTES = 12; // what GCM is made for; random ones suffice for 2^32 saves under one key (NIST SP 800-38D, 8.3)

/** What scrypt is asked for: `N = 2^logN`. */
export interface ScryptCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/** OWASP's Password Storage Cheat Sheet, 2025: N = 2^17, r = 8, p = 1; 128 MiB and some 0.3 s, once per process. */
export const SCRYPT_COST: ScryptCost = { logN: 17, r: 8, p: 1 };

/** Most a file may ask of us: eight times the default's memory. */
const MOST = { logN: 20, r: 8, p: 4 } as const;
const LEAST_LOG_N = 10;

/** Keys of a passphrase under one salt. */
export interface SealKeys {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly encryption: Buffer;
  readonly check: Buffer;
}

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);

/** Keys for `passphrase`, in some 0.3 s on a thread of libuv. Source: RFC 7914; NFC, so that every keyboard's accents are the same. */
export async function deriveKeys(passphrase: string, salt: Buffer, cost: ScryptCost): Promise<SealKeys> {
  const N = 2 ** cost.logN;
  const maxmem = 256 * N * cost.r; // twice what it needs: Node's own bound is 32 MiB
  const bytes = await derive(passphrase.normalize("NFC"), salt, 48, { N, r: cost.r, p: cost.p, maxmem });
  return { cost, salt, encryption: bytes.subarray(0, 32), check: bytes.subarray(32) };
}

/** Whether `keys` are those that a file with this header needs. */
export function keysFit({ salt, cost }: { readonly salt: Buffer; readonly cost: ScryptCost }, keys: SealKeys): boolean {
  return keys.salt.equals(salt) && keys.cost.logN === cost.logN && keys.cost.r === cost.r && keys.cost.p === cost.p;
}

export function newSalt(): Buffer {
  return randomBytes(SALT_BYTES);
}

/** `plaintext` sealed with AES-256-GCM under a nonce of its own. */
export function seal(plaintext: Buffer, keys: SealKeys): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.set([VERSION, keys.cost.logN, keys.cost.r, keys.cost.p], MAGIC.length);
  keys.salt.copy(header, SALT_AT);
  randomBytes(NONCE_BYTES).copy(header, NONCE_AT);
  keyCheck(header, keys).copy(header, CHECK_AT);
  sumOf(header).copy(header, SUM_AT);
  const cipher = createCipheriv("aes-256-gcm", keys.encryption, header.subarray(NONCE_AT, NONCE_AT + NONCE_BYTES));
  cipher.setAAD(header);
  return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The salt and cost a sealed file was made with. @throws {SessionCorruptError} When it is none, or is damaged. */
export function readHeader(file: Buffer): { readonly salt: Buffer; readonly cost: ScryptCost } {
  if (file.length < HEADER_BYTES + TAG_BYTES || !file.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new SessionCorruptError(
      file.length < HEADER_BYTES + TAG_BYTES
        ? `it is cut short: ${file.length} bytes, and the shortest has ${HEADER_BYTES + TAG_BYTES}`
        : "it is not a session file",
    );
  }
  const [version, logN, r, p] = file.subarray(MAGIC.length, SALT_AT) as unknown as [number, number, number, number];
  if (!sumOf(file).equals(file.subarray(SUM_AT, SUM_AT + 4))) throw new SessionCorruptError("its header is damaged");
  if (version !== VERSION)
    throw new SessionCorruptError(`it has format ${version}, and this version reads format ${VERSION}`);
  if (logN < LEAST_LOG_N || logN > MOST.logN || r < 1 || r > MOST.r || p < 1 || p > MOST.p) {
    throw new SessionCorruptError(
      `its header asks for scrypt with N=2^${logN}, r=${r}, p=${p}, which is out of bounds`,
    );
  }
  return { salt: Buffer.from(file.subarray(SALT_AT, SALT_AT + SALT_BYTES)), cost: { logN, r, p } };
}

/**
 * What was sealed.
 *
 * @throws {WrongPassphraseError} When `keys` are another passphrase's; {@link SessionCorruptError} when the file was altered.
 */
export function unseal(file: Buffer, keys: SealKeys): Buffer {
  const header = file.subarray(0, HEADER_BYTES);
  if (!timingSafeEqual(keyCheck(header, keys), header.subarray(CHECK_AT, SUM_AT))) {
    throw new WrongPassphraseError("it was sealed with another passphrase");
  }
  const tagAt = file.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", keys.encryption, header.subarray(NONCE_AT, NONCE_AT + NONCE_BYTES), {
    authTagLength: TAG_BYTES, // or a shorter tag would be taken, which is easier to forge
  });
  decipher.setAAD(header);
  decipher.setAuthTag(file.subarray(tagAt));
  const plaintext = decipher.update(file.subarray(HEADER_BYTES, tagAt));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    throw new SessionCorruptError("it was altered or cut short"); // the cause says no more
  }
}

/** Proves that `keys` belong to the header, over all that comes before it. */
function keyCheck(header: Buffer, keys: SealKeys): Buffer {
  return createHmac("sha256", keys.check)
    .update(header.subarray(0, CHECK_AT))
    .digest()
    .subarray(0, SUM_AT - CHECK_AT);
}

function sumOf(header: Buffer): Buffer {
  return createHash("sha256").update(header.subarray(0, SUM_AT)).digest().subarray(0, 4);
}
