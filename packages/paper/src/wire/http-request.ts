import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpAnswer, HttpRequest } from "./protocol.ts";

/** The body of a request was longer than allowed, or its sender went away before its end. */
export type BodyFault = "tooLong" | "aborted";

/** What a request says, without its body. */
export function headOf(message: IncomingMessage): HttpRequest {
  const url = message.url ?? "/";
  const mark = url.indexOf("?");
  return {
    method: message.method ?? "GET",
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    headers: message.headers,
    body: "",
    ip: message.socket.remoteAddress ?? "",
  };
}

/** Reads the body, of at most `mostBytes`, and hands over the whole request; at once when there is none. */
export function readRequest(
  message: IncomingMessage,
  mostBytes: number,
  done: (request: HttpRequest, fault?: BodyFault) => void,
): void {
  const head = headOf(message);
  const { headers } = message;
  if (headers["transfer-encoding"] === undefined && (headers["content-length"] ?? "0") === "0") {
    message.resume();
    done(head);
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  message.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= mostBytes) chunks.push(chunk);
  });
  message.on("end", () => {
    if (bytes > mostBytes) done(head, "tooLong");
    else done({ ...head, body: Buffer.concat(chunks).toString("utf8") });
  });
  message.on("error", () => done(head, "aborted"));
}

/** Writes the answer, unless the client has gone or was answered. */
export function writeAnswer(response: ServerResponse, { status, headers, text }: HttpAnswer): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(text) });
  response.end(text);
}

/** The bytes of an answer that refuses a handshake, and ends its connection. */
export function refusalBytes(answer: HttpAnswer, reason: string): string {
  const lines = [`HTTP/1.1 ${answer.status} ${reason}`];
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) lines.push(`${name}: ${each}`);
  }
  lines.push(`content-length: ${Buffer.byteLength(answer.text)}`, "connection: close");
  return `${lines.join("\r\n")}\r\n\r\n${answer.text}`;
}
