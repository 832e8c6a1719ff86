import { Redactor } from "@pitlane/sdk/venue";
import type { WebhookSettings } from "../settings.ts";
import { type AlertMessage, subjectOf, textOf } from "./message.ts";
import { createPoster, isTaken, refusal } from "./post.ts";
import type { AlertSink } from "./sink.ts";

/**
 * Posts each message as JSON: `id`, `run`, `at`, `status`, `title`, `text` and `alerts`. The field `text` alone makes it one that Slack's and
 * Mattermost's incoming webhooks take.
 */
export function createWebhookSink({ url, headers, least }: WebhookSettings): AlertSink {
  const redactor = new Redactor();
  redactor.set("webhook", [url, new URL(url).pathname + new URL(url).search, ...Object.values(headers)]);
  const poster = createPoster(url, headers, redactor);
  return {
    name: `webhook ${new URL(url).host}`,
    least,
    isGrouped: true,
    send: async (message, signal) => {
      const answer = await poster.post(documentOf(message), signal);
      if (!isTaken(answer)) throw refusal(answer);
    },
    close: () => poster.close(),
  };
}

/** What is posted. Pure. */
function documentOf(message: AlertMessage): object {
  const { id, run, atUs, items } = message;
  return {
    id,
    run,
    at: toIso(atUs),
    status: items.some(({ news }) => news !== "resolved") ? "raised" : "resolved",
    title: subjectOf(message),
    text: textOf(message),
    alerts: items.map(({ news, alert }) => {
      const { raisedAtUs, changedAtUs, resolvedAtUs, ...rest } = alert;
      return {
        news,
        ...rest,
        raisedAt: toIso(raisedAtUs),
        changedAt: toIso(changedAtUs),
        resolvedAt: resolvedAtUs === null ? null : toIso(resolvedAtUs),
      };
    }),
  };
}

function toIso(us: number): string {
  return new Date(us / 1000).toISOString();
}
