import { Redactor } from "../../session/secrets.ts";
import type { HttpCall } from "../../transport/transport.ts";
import { sentSecrets } from "./authenticator.ts";

/** What keeps the key and a signature out of errors. Made where one is told, as every request has a signature of its own. */
export function redactorOf(apiKey: string, signature: string): Redactor {
  const redactor = new Redactor();
  // Encoded too: a request as it was sent may come back in base64.
  redactor.set("sent", [apiKey, signature, encodeURIComponent(signature)]);
  return redactor;
}

/** A reply to `call`, for an error: without the secrets that were sent and that the venue may have echoed. */
export function cleanReply(call: HttpCall, text: string): string {
  const secrets = sentSecrets(call);
  return secrets === undefined ? text : redactorOf(secrets.apiKey, secrets.signature).redactReply(text);
}
