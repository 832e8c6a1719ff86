import { Redactor } from "../../session/secrets.ts";
import type { Signer } from "../../session/sign.ts";

/**
 * What keeps the key, the secret and a signature out of errors. Made where one is told, as every request has a signature of its own.
 *
 * @param signature What the request was sent with; undefined for one without.
 */
export function redactorOf({ redactor }: Signer, signature: string | undefined): Redactor {
  if (!signature) return redactor;
  const whole = new Redactor(redactor);
  whole.set("sent", [signature]);
  return whole;
}
