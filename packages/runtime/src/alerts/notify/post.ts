import type { Redactor } from "@pitlane/sdk/venue";
import { Agent, request } from "undici";
import { DeliveryError } from "./sink.ts";

/** An answer to a POST. */
export interface PostAnswer {
  readonly status: number;
  readonly body: string;
  /** Of the header Retry-After in seconds, milliseconds; 0 without one. */
  readonly retryAfterMs: number;
}

/** Posts JSON documents, over one connection that it keeps. */
export interface Poster {
  /** @throws {DeliveryError} When there is no answer. @throws The signal's reason. */
  post(document: object, signal: AbortSignal): Promise<PostAnswer>;
  close(): Promise<void>;
}

const MOST_BYTES = 65_536;
const CONNECT_MS = 5000;

/**
 * Posts to one address. Redirects are not followed: where an alert goes is for the settings alone to say.
 *
 * @param redactor Knows the secrets of the address and the headers.
 */
export function createPoster(url: string, headers: Readonly<Record<string, string>>, redactor: Redactor): Poster {
  const agent = new Agent({ connections: 1, connect: { timeout: CONNECT_MS }, maxResponseSize: MOST_BYTES });
  return {
    post: async (document, signal) => {
      try {
        const answer = await request(url, {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify(document),
          dispatcher: agent,
          signal,
        });
        const body = await answer.body.text();
        const seconds = Number(answer.headers["retry-after"] ?? 0);
        return { status: answer.statusCode, body, retryAfterMs: seconds > 0 ? seconds * 1000 : 0 };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw new DeliveryError(redactor.redact((error as Error).message), { retryable: true });
      }
    },
    close: () => agent.destroy(),
  };
}

const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** What a status other than 2xx means. Pure. */
export function refusal({ status, retryAfterMs }: PostAnswer, said = ""): DeliveryError {
  const text = `the other side answered ${status}${said === "" ? "" : `: ${said}`}`;
  return new DeliveryError(text, { retryable: RETRYABLE.has(status), retryAfterMs });
}

/** True when the other side took it. Pure. */
export function isTaken({ status }: PostAnswer): boolean {
  return status >= 200 && status < 300;
}
