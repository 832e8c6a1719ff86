import { InvalidInputError, integerInRange } from "@pitlane/perf";
import { base58 } from "@scure/base";

/**
 * A Solana address: base58 of 32 bytes.
 *
 * @throws {InvalidInputError} Naming `name`. Shows the value's first characters only: who mistakes a private key for an address must
 * not find it in a log.
 */
export function checkAddress(name: string, value: string): string {
  if (typeof value === "string" && value.length >= 32 && value.length <= 44 && tryDecode(value)?.length === 32)
    return value;
  throw new InvalidInputError(`${name} must be a Solana address, base58 of 32 bytes, got ${shown(value)}`);
}

/** An address of an EVM chain. @throws {InvalidInputError} Naming `name`. */
export function checkEvmAddress(name: string, value: string): string {
  if (typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value)) return value;
  throw new InvalidInputError(`${name} must be an EVM address, 0x and 40 hex digits, got ${shown(value)}`);
}

/** Each of `values` by `check`, 1 to `most` of them. @throws {InvalidInputError} Naming the one that is wrong. */
export function checkAll(
  name: string,
  values: readonly string[],
  most: number,
  check: (name: string, value: string) => string,
): readonly string[] {
  if (!Array.isArray(values)) throw new InvalidInputError(`${name} must be a list`);
  if (values.length < 1 || values.length > most) {
    throw new InvalidInputError(`${name} must have 1 to ${most} items, got ${values.length}`);
  }
  return Array.from(values, (value, index) => check(`${name}[${index}]`, value)); // of a hole, too
}

/** One of `choices`. @throws {InvalidInputError} Naming `name` and them. */
export function oneOf<T extends string>(name: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value;
  throw new InvalidInputError(
    `${name} must be one of ${choices.join(", ")}, got ${typeof value === "string" ? JSON.stringify(value) : typeof value}`,
  );
}

/** The path of a call's version: `/a`, `/a-v2`, ... @throws {InvalidInputError} When it has no such version. */
export function pathOf(path: string, version: number, latest: number): string {
  integerInRange("version", version, 1, latest);
  return version === 1 ? path : `${path}-v${version}`;
}

/** A transaction's signature: base58 of 64 bytes. @throws {InvalidInputError} Naming `name`. Its value is never shown. */
export function checkSignature(name: string, value: string): string {
  if (typeof value === "string" && value.length >= 64 && value.length <= 88 && tryDecode(value)?.length === 64) {
    return value;
  }
  throw new InvalidInputError(`${name} must be the signature of a transaction, base58 of 64 bytes`);
}

/** Text of 1 to `most` characters, none of them a control character. Its value is never shown. @throws {InvalidInputError} Naming `name`. */
export function checkText(name: string, value: string, most: number): string {
  if (typeof value === "string" && value.length >= 1 && value.length <= most && !/[\u0000-\u001f\u007f]/.test(value)) {
    return value;
  }
  throw new InvalidInputError(`${name} must be text of 1 to ${most} characters without control characters`);
}

function tryDecode(value: string): Uint8Array | undefined {
  try {
    return base58.decode(value);
  } catch {
    return undefined; // a character outside of the alphabet
  }
}

function shown(value: unknown): string {
  if (typeof value !== "string") return typeof value;
  return value.length <= 8
    ? JSON.stringify(value)
    : `${JSON.stringify(value.slice(0, 4))}... of ${value.length} characters`;
}
