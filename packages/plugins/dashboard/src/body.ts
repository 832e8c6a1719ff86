import type { IncomingMessage } from "node:http";
import { HttpError } from "./reply.ts";

/** Longest body of a request. */
const MOST_BODY_BYTES = 64 * 1024;

/** The JSON that a request brings. @throws {HttpError} 413 when it is too long, which ends its connection; 400 when it is no JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (Number(request.headers["content-length"] ?? 0) > MOST_BODY_BYTES) throw tooLong();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BODY_BYTES) throw tooLong();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (error) {
    throw new HttpError(400, `the body is no JSON: ${(error as Error).message}`);
  }
}

function tooLong(): HttpError {
  return new HttpError(413, `a body has at most ${MOST_BODY_BYTES} bytes`, { connection: "close" });
}
