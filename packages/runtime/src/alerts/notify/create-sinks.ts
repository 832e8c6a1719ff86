import type { AlertsSettings } from "../settings.ts";
import { createEmailSink } from "./email.ts";
import { lineOf } from "./message.ts";
import type { AlertSink } from "./sink.ts";
import { createTelegramSink } from "./telegram.ts";
import { createWebhookSink } from "./webhook.ts";

/**
 * The sinks of the settings.
 *
 * @param settings With the secrets in the places of their names.
 * @param log Says a line on the terminal and in the log.
 */
export function createSinks(settings: AlertsSettings["sinks"], log: (line: string) => void): readonly AlertSink[] {
  return [
    ...(settings.log ? [createLogSink(log)] : []),
    ...settings.webhooks.map(createWebhookSink),
    ...settings.telegram.map(createTelegramSink),
    ...settings.email.map(createEmailSink),
  ];
}

/** Says each change at once: a line an alert. */
function createLogSink(log: (line: string) => void): AlertSink {
  return {
    name: "log",
    least: "warning",
    isGrouped: false,
    send: async ({ items }) => {
      for (const item of items) log(lineOf(item));
    },
    close: async () => {},
  };
}
