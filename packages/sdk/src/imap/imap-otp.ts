import { type Clock, createSystemClock, InvalidInputError, inRange, integerInRange } from "@pitlane/perf";
import type { ImapFlow, ImapFlowOptions } from "imapflow";
import { checkFlag, checkObject } from "../checks.ts";
import { TimeoutError } from "../errors.ts";
import type { OnOtp, OtpChallenge } from "../session/login.ts";
import { Redactor } from "../session/secrets.ts";
import { MailboxError, MissingPackageError } from "./errors.ts";
import { awaitMail, type FoundCode, findMail, openMailbox } from "./mailbox.ts";

export interface ImapOtpOptions {
  readonly host: string;
  /** Default 993, or 143 when `secure` is false. */
  readonly port?: number | undefined;
  /** TLS from the first byte. When false, the connection is upgraded by STARTTLS before the password is sent; only a host of this machine may go without. Default true. */
  readonly secure?: boolean | undefined;
  readonly user: string;
  /** Of the mailbox; many providers want one made for apps. */
  readonly password: string;
  /** Default INBOX. */
  readonly mailbox?: string | undefined;
  /** Text in the sender's address. Default any. */
  readonly from?: string | undefined;
  /** Text in the subject. Default any. */
  readonly subject?: string | undefined;
  /** Finds the code, its first group or the whole match, in the subject and then in the body. Default six digits standing alone. */
  readonly pattern?: RegExp | undefined;
  /** How old a mail may be, in milliseconds; 1,000 to 3,600,000, default 180,000. None older than the challenge is taken anyway. */
  readonly maxAgeMs?: number | undefined;
  /** How far the mail server's clock may be behind ours, in milliseconds; 0 to 600,000, default 5,000. */
  readonly clockToleranceMs?: number | undefined;
  /** How long to wait for the mail, in milliseconds; 1,000 to 3,600,000, default 120,000. */
  readonly timeoutMs?: number | undefined;
  /** Default the host's. */
  readonly clock?: Clock | undefined;
}

const RECONNECT_MS = 2_000;
const MAX_USED = 100; // mails whose code was handed out
const CONNECT_TIMEOUT_MS = 10_000;

/** Codes of imapflow and Node for a connection that may come back. Everything else stays as it is. */
const PASSING = new Set(
  (
    "ECONNRESET ECONNREFUSED ETIMEDOUT EPIPE EAI_AGAIN ENETUNREACH EHOSTUNREACH NoConnection EConnectionClosed StateLogout " +
    "ClosedAfterConnectText ClosedAfterConnectTLS CONNECT_TIMEOUT GREETING_TIMEOUT UPGRADE_TIMEOUT ETIMEOUT ETHROTTLE"
  ).split(" "),
);

/**
 * Brings login codes from a mailbox: an `onOtp` for a venue's login.
 *
 * It waits for a mail that is newer than the challenge, by IDLE and by looking every 2 s, and reads the code from the subject,
 * then the body, of the newest that fits. That mail is marked as seen; nothing is deleted, and no code is handed out twice. A
 * lost connection is made again until the time is up.
 *
 * Needs the package `imapflow` (`npm install imapflow`).
 *
 * @throws {InvalidInputError} At once, when an option breaks its rule. When it runs: {@link TimeoutError} when no mail came,
 * {@link MailboxError} when the mailbox cannot be read, {@link MissingPackageError} when imapflow is missing: a login looks for that by
 * `ready`, before the venue sends a code; whoever wraps this function in his own may do so too. Never showing the password or a code.
 * @example
 * const onOtp = imapOtp({ host: "imap.example.org", user: "me@example.org", password, subject: "security code" });
 */
export function imapOtp(options: ImapOtpOptions): OnOtp {
  checkObject("options", options);
  const secure = checkFlag("secure", options.secure ?? true);
  const host = checkText("host", options.host);
  const port = integerInRange("port", options.port ?? (secure ? 993 : 143), 1, 65_535);
  const user = checkText("user", options.user);
  const pass = checkText("password", options.password);
  const rules = {
    mailbox: checkText("mailbox", options.mailbox ?? "INBOX"),
    from: options.from === undefined ? undefined : checkText("from", options.from),
    subject: options.subject === undefined ? undefined : checkText("subject", options.subject),
    pattern: options.pattern,
  };
  if (rules.pattern !== undefined && !(rules.pattern instanceof RegExp)) {
    throw new InvalidInputError("pattern must be a regular expression");
  }
  const maxAgeMs = inRange("maxAgeMs", options.maxAgeMs ?? 180_000, 1_000, 3_600_000);
  const toleranceMs = inRange("clockToleranceMs", options.clockToleranceMs ?? 5_000, 0, 600_000);
  const timeoutMs = integerInRange("timeoutMs", options.timeoutMs ?? 120_000, 1_000, 3_600_000);
  const clock = options.clock ?? createSystemClock();
  const redactor = new Redactor();
  redactor.set("mailbox", [pass]);
  const connection: ImapFlowOptions = {
    host,
    port,
    secure,
    ...(!secure && !isLoopback(host) && { doSTARTTLS: true }),
    auth: { user, pass },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
  };
  const used = new Set<string>();

  /** Waits on one connection until it brings a code or fails. */
  async function fetchCode(Client: typeof ImapFlow, sinceMs: () => number, signal: AbortSignal): Promise<string> {
    const client = await openMailbox(Client, connection, rules.mailbox, signal);
    const onAbort = () => client.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const validity = client.mailbox === false ? 0n : client.mailbox.uidValidity;
      const keyOf = (uid: number) => `${validity} ${uid}`;
      let found: FoundCode | undefined;
      for (;;) {
        signal.throwIfAborted();
        found = await findMail(client, rules, sinceMs(), (uid) => used.has(keyOf(uid)));
        if (found !== undefined) break;
        await awaitMail(client, clock, signal);
      }
      remember(used, keyOf(found.uid));
      await client.messageFlagsAdd(String(found.uid), ["\\Seen"], { uid: true });
      return found.code;
    } finally {
      signal.removeEventListener("abort", onAbort);
      client.close();
    }
  }

  async function onOtp(challenge: OtpChallenge, signal: AbortSignal): Promise<string> {
    const Client = await loadImapFlow();
    const askedMs = challenge.askedAtUs / 1000 - toleranceMs;
    const sinceMs = () => Math.max(askedMs, clock.nowUs() / 1000 - maxAgeMs);
    const ended = new AbortController();
    const timedOut = new AbortController();
    const stop = AbortSignal.any([signal, timedOut.signal]);
    let last = "";
    clock.sleep(timeoutMs, AbortSignal.any([signal, ended.signal])).then(
      () => {
        const message = `no mail with a code came to ${user} within ${timeoutMs} ms${last === "" ? "" : `; last: ${last}`}`;
        timedOut.abort(new TimeoutError(message, { outcome: "unsent" }));
      },
      () => {}, // ended or aborted
    );
    try {
      for (;;) {
        try {
          return await fetchCode(Client, sinceMs, stop);
        } catch (error) {
          stop.throwIfAborted();
          last = redactor.redact(wordsOf(error));
          // Without the cause: imapflow's errors quote commands and replies.
          if (!isPassing(error))
            throw new MailboxError(`the mailbox of ${user} at ${host}:${port} cannot be read: ${last}`);
        }
        await clock.sleep(RECONNECT_MS, stop);
      }
    } finally {
      ended.abort();
    }
  }

  return Object.assign(onOtp, { ready: async () => void (await loadImapFlow()) });
}

async function loadImapFlow(): Promise<typeof ImapFlow> {
  try {
    return (await import("imapflow")).ImapFlow;
  } catch (cause) {
    throw new MissingPackageError("codes from a mailbox need the package imapflow: npm install imapflow", { cause });
  }
}

function isPassing(error: unknown): boolean {
  return PASSING.has(String((error as { code?: unknown } | undefined)?.code));
}

/** What an error of imapflow says: the server's words where it answered. */
function wordsOf(error: unknown): string {
  const { authenticationFailed, responseText, code, message } = error as Partial<Record<string, unknown>>;
  const words = [authenticationFailed ? "the login was refused" : undefined, responseText, code];
  const said = words.filter((word) => typeof word === "string" && word !== "");
  return said.length > 0 ? said.join(", ") : String(message);
}

function remember(used: Set<string>, key: string): void {
  used.add(key);
  if (used.size <= MAX_USED) return;
  for (const oldest of used) {
    used.delete(oldest);
    return;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** @throws {InvalidInputError} When it is empty or has control characters, which a protocol of lines would take for commands. */
function checkText(name: string, text: string): string {
  if (typeof text === "string" && text !== "" && !/[\u0000-\u001f\u007f]/.test(text)) return text;
  throw new InvalidInputError(`${name} must be a text without control characters, and not empty`);
}
