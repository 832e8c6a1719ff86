import { Redactor } from "@pitlane/sdk/venue";
import * as v from "valibot";
import type { TelegramSettings } from "../settings.ts";
import { textOf } from "./message.ts";
import { createPoster, isTaken, type PostAnswer, refusal } from "./post.ts";
import type { AlertSink } from "./sink.ts";

/** Most that one message may hold, UTF-16 units. */
const MOST_TEXT = 4096;

const failure = v.object({
  description: v.optional(v.string(), ""),
  parameters: v.optional(v.object({ retry_after: v.optional(v.number(), 0) }), {}),
});

/**
 * Sends each message to a chat by `sendMessage` of the Telegram Bot API, or of a server that speaks it. As plain text: nothing in it can be
 * taken for markup.
 *
 * Source: core.telegram.org/bots/api, "sendMessage" and "ResponseParameters".
 */
export function createTelegramSink({ botToken, chatId, baseUrl, least }: TelegramSettings): AlertSink {
  const redactor = new Redactor();
  redactor.set("telegram", [botToken]);
  const base = baseUrl.replace(/\/+$/, "");
  const poster = createPoster(`${base}/bot${botToken}/sendMessage`, {}, redactor);
  return {
    name: `telegram ${chatId}`,
    least,
    isGrouped: true,
    send: async (message, signal) => {
      const text = fit(textOf(message), MOST_TEXT);
      const answer = await poster.post({ chat_id: chatId, text, link_preview_options: { is_disabled: true } }, signal);
      if (isTaken(answer)) return;
      const { description, retryAfterMs } = failureOf(answer);
      throw refusal(
        { ...answer, retryAfterMs: Math.max(answer.retryAfterMs, retryAfterMs) },
        redactor.redact(description),
      );
    },
    close: () => poster.close(),
  };
}

/** The first whole lines of a text that fit, and how many were left out. Pure. */
export function fit(text: string, most: number): string {
  if (text.length <= most) return text;
  const lines = text.split("\n");
  const room = most - 30; // for the last line
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length + 1;
    if (length > room) break;
    kept.push(line);
  }
  if (kept.length === 0) return `${lines[0]!.slice(0, room)}…`;
  return [...kept, `… and ${lines.length - kept.length} more`].join("\n");
}

/** What the API says of a failure; nothing when it is not the API that answers. Pure. */
function failureOf({ body }: PostAnswer): { readonly description: string; readonly retryAfterMs: number } {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), failure), body);
  if (!parsed.success) return { description: "", retryAfterMs: 0 };
  const { description, parameters } = parsed.output;
  return { description, retryAfterMs: parameters.retry_after * 1000 };
}
