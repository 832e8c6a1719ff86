import { recordOf } from "./route.ts";

/** The answer to `{"method":"ping"}`. */
export const PONG = '{"method":"pong"}';

/** What a client sent, as an object; empty when it is none. */
export function parseMessage(data: Buffer): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(data.toString("utf8")));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
