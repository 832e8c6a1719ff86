import { InvalidInputError } from "@pitlane/perf";
import type { CallControl } from "../../calls.ts";
import { checkControl, checkObject } from "../../checks.ts";
import { checkText } from "./checks.ts";
import type { Rest } from "./rest.ts";
import { parseRecord } from "./wire/account.ts";
import type { OpenRecord } from "./wire/read.ts";

export interface TurnkeyRequest {
  readonly organizationId: string;
  /** The P-256 key that stamps, compressed, in hex: 66 digits. */
  readonly publicKey: string;
  /** Signs the bytes with ECDSA over SHA-256 by that key; gives the signature in DER. The key stays with the caller. */
  readonly sign: (body: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

/** @throws {InvalidInputError} When the request breaks a rule, or the signature is none; before any I/O. */
export async function turnkeyWhoami(
  rest: Rest,
  request: TurnkeyRequest,
  control: CallControl = {},
): Promise<OpenRecord> {
  checkObject("request", request);
  checkControl(control); // before the caller signs
  const { organizationId, publicKey, sign } = request;
  checkText("organizationId", organizationId, 100);
  if (typeof publicKey !== "string" || !/^0[23][0-9a-f]{64}$/i.test(publicKey)) {
    throw new InvalidInputError("publicKey must be a compressed P-256 key in hex: 02 or 03 and 64 digits");
  }
  if (typeof sign !== "function") throw new InvalidInputError("sign must be a function that signs bytes");
  const body = JSON.stringify({ organizationId });
  const signature = await sign(new TextEncoder().encode(body));
  if (!(signature instanceof Uint8Array) || signature.length < 8 || signature[0] !== 0x30) {
    throw new InvalidInputError("sign must give an ECDSA signature in DER; nothing was sent");
  }
  const stamp = {
    publicKey,
    scheme: "SIGNATURE_SCHEME_TK_API_P256",
    signature: Buffer.from(signature).toString("hex"),
  };
  const path = "/public/v1/query/whoami";
  const headers = {
    "content-type": "text/plain;charset=UTF-8",
    "x-client-version": "@turnkey/sdk-server@1.7.3",
    "x-stamp": Buffer.from(JSON.stringify(stamp)).toString("base64"),
  };
  return rest.read(
    { service: "turnkey", path, text: body, headers, isPrivate: false, parse: parseRecord(path) },
    control,
  );
}
