import { Redactor } from "@pitlane/sdk/venue";
import type { EmailSettings } from "../settings.ts";
import { subjectOf, textOf } from "./message.ts";
import { type AlertSink, DeliveryError } from "./sink.ts";

const WAIT_MS = 10_000;

/**
 * Sends each message as an e-mail of plain text, over a connection of its own. nodemailer is loaded with the first one.
 *
 * With `starttls` nothing is said, the password least of all, unless the connection became encrypted.
 */
export function createEmailSink(settings: EmailSettings): AlertSink {
  const { host, port, encryption, user, password, from, to, least } = settings;
  const redactor = new Redactor();
  redactor.set("email", [password ?? "", user ?? ""]);
  return {
    name: `e-mail ${host}`,
    least,
    isGrouped: true,
    send: async (message, signal) => {
      const { createTransport } = await import("nodemailer");
      signal.throwIfAborted();
      const transport = createTransport({
        host,
        port,
        secure: encryption === "tls",
        requireTLS: encryption === "starttls",
        ignoreTLS: encryption === "none",
        ...(user === undefined || password === undefined ? {} : { auth: { user, pass: password } }),
        connectionTimeout: WAIT_MS,
        greetingTimeout: WAIT_MS,
        socketTimeout: WAIT_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: subjectOf(message),
          text: textOf(message),
          messageId: `<${message.id}@pitlane.invalid>`,
          // What machines send must not be answered by machines: RFC 3834.
          headers: { "Auto-Submitted": "auto-generated" },
        });
      } catch (error) {
        throw refusalOf(error as SmtpFailure, redactor);
      } finally {
        transport.close();
      }
    },
    close: async () => {},
  };
}

/** What of nodemailer's errors is looked at. */
interface SmtpFailure extends Error {
  readonly code?: string;
  /** The server's reply: 4xx may go better later, 5xx will not. */
  readonly responseCode?: number;
}

/** Codes of nodemailer for what the settings have to change. */
const FINAL: ReadonlySet<string> = new Set(["EAUTH", "ETLS", "EENVELOPE", "ENOAUTH", "EMESSAGE"]);

function refusalOf({ message, code = "", responseCode = 0 }: SmtpFailure, redactor: Redactor): DeliveryError {
  const isFinal = responseCode >= 500 || (responseCode < 400 && FINAL.has(code));
  return new DeliveryError(redactor.redact(message), { retryable: !isFinal });
}
