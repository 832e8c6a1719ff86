import { ProtocolError } from "../../../errors.ts";

/** Decimals of SOL: its smallest unit is a lamport. */
export const SOL_DECIMALS = 9;

// A JSON text is strings and, between them, what has no quote: every number in it is matched whole, none within a string.
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * JSON with every number as the text it was written in, so that no amount goes through a float.
 *
 * @throws {ProtocolError} When `json` is not JSON.
 */
export function parseJsonKeepingNumbers(where: string, json: string): unknown {
  try {
    JSON.parse(json); // the replacement below is only right for what is JSON
    return JSON.parse(json.replace(STRING_OR_NUMBER, (token) => (token.startsWith('"') ? token : `"${token}"`)));
  } catch {
    throw new ProtocolError(`${where}: not JSON`);
  }
}

/**
 * Decimal text, with an exponent or not, as whole units of 10^-decimals, exactly; undefined when it is no decimal number, or has a
 * digit beyond `decimals`.
 */
export function exactUnits(text: string, decimals: number): bigint | undefined {
  const match = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  const digits = (whole + fraction).replace(/0+$/, "");
  if (digits === "") return 0n;
  const dropped = whole.length + fraction.length - digits.length;
  const shift = Number(exponent) - fraction.length + dropped + decimals;
  if (shift < 0) return undefined;
  const units = BigInt(digits) * 10n ** BigInt(shift);
  return sign === "-" ? -units : units;
}

const BALANCE_FIELDS = ["balanceSol", "solBalance", "sol_balance", "sol", "balance"] as const;

/**
 * Lamports of one entry of `/batched-sol-balance`, as `parseJsonKeepingNumbers` gives it.
 *
 * Which form an entry has is not settled: a bare number, or an object with one of five fields, was seen in other clients. All of
 * them are SOL. An amount with more than nine decimals is no number of lamports and is refused, not rounded.
 *
 * @throws {ProtocolError} When the entry has none of these forms, or its amount is not one of lamports.
 */
export function toLamports(entry: unknown, wallet: string): bigint {
  const amount = typeof entry === "string" ? entry : balanceField(entry);
  if (amount === undefined) {
    throw new ProtocolError(`batched-sol-balance: the entry of ${wallet} has none of the known forms`);
  }
  const lamports = exactUnits(amount, SOL_DECIMALS);
  if (lamports !== undefined && lamports >= 0n) return lamports;
  throw new ProtocolError(
    `batched-sol-balance: the balance of ${wallet} is no exact number of lamports: ${amount.slice(0, 60)}`,
  );
}

function balanceField(entry: unknown): string | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const fields = entry as Readonly<Record<string, unknown>>;
  for (const name of BALANCE_FIELDS) {
    const value = fields[name];
    if (typeof value === "string") return value;
  }
  return undefined;
}
