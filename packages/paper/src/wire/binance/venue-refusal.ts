import type { Refusal } from "../protocol.ts";
import { refuse, VenueRefusal } from "./errors.ts";
import { banText } from "./limits.ts";

const RATE_TEXT =
  "Too much request weight used; please use WebSocket Streams for live updates to avoid polling the API.";

/** What the venue says of its own accord with a status. Source: errors.md; -1007 and -1008 with these statuses are a choice. */
const USUAL: Readonly<Record<number, readonly [code: number, text: string]>> = {
  413: [-1101, "Too many parameters sent for this endpoint."],
  429: [-1003, RATE_TEXT],
  503: [-1008, "Server is currently overloaded with other requests. Please try again in a few minutes."],
  504: [-1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown."],
};

/** A refusal that a fault asks for, in the venue's words where it has none of its own. */
export function toVenueRefusal({ status, code, text, retryAfterSeconds }: Refusal, nowUs: number): VenueRefusal {
  const { venueCode, message } = refuse.internal();
  const [usualCode, usualText] =
    status === 418
      ? [-1003, banText(Math.ceil(nowUs / 1000) + (retryAfterSeconds ?? 0) * 1000)]
      : (USUAL[status] ?? [venueCode, message]);
  return new VenueRefusal(status, code ?? usualCode, text ?? usualText, retryAfterSeconds);
}
