import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

/** Nothing but what this server itself serves: no script in the page's text, no other host, no frame around it. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Headers of every answer. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** An answer that is not what was asked for. What it says is shown to whoever asked. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, message: string, headers: OutgoingHttpHeaders = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Ends `response` with a whole body. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers: OutgoingHttpHeaders = {},
): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    "content-type": type,
    "content-length": bytes.byteLength,
    ...headers,
  });
  response.end(bytes); // Node leaves the body of an answer to HEAD out
}

/** Ends `response` with JSON; amounts (bigint) become their digits. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  send(response, status, "application/json; charset=utf-8", jsonText(value), headers);
}

/** JSON of what the session gives: amounts as text, numbers that are none as null. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value); // most have no amounts; a function that is asked about every value makes it take several times as long
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? part.toString() : part));
}

/** A page for people with one sentence. */
export function sendPage(
  response: ServerResponse,
  status: number,
  title: string,
  sentence: string,
  headers: OutgoingHttpHeaders = {},
): void {
  const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title></head><body><h1>${escapeHtml(title)}</h1><p>${escapeHtml(sentence)}</p></body></html>
`;
  send(response, status, "text/html; charset=utf-8", page, headers);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
