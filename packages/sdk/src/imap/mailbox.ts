import type { Clock } from "@pitlane/perf";
import type { FetchMessageObject, ImapFlow, ImapFlowOptions, MessageStructureObject } from "imapflow";
import { findCode, textOfHtml } from "./find-code.ts";

/** What a mail must be like to hold the code. */
export interface MailRules {
  readonly mailbox: string;
  readonly from: string | undefined;
  readonly subject: string | undefined;
  readonly pattern: RegExp | undefined;
}

export interface FoundCode {
  readonly uid: number;
  readonly code: string;
}

const NEWEST = 20; // mails of one day that fit the rules; the code is in one of the last
const MAX_BODY_BYTES = 65_536;
const POLL_MS = 2_000;
const DAY_MS = 86_400_000;

/**
 * Connects, and opens the mailbox of `rules`. Closing the client is the caller's.
 *
 * @throws What imapflow throws. It may quote what was sent, so it must not leave this folder.
 */
export async function openMailbox(
  Client: new (options: ImapFlowOptions) => ImapFlow,
  options: ImapFlowOptions,
  mailbox: string,
  signal: AbortSignal,
): Promise<ImapFlow> {
  const client = new Client(options);
  client.on("error", () => {}); // the command under way fails with the same
  const onAbort = () => client.close();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await client.connect();
    await client.mailboxOpen(mailbox);
    return client;
  } catch (error) {
    client.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** The code in the newest fitting mail that arrived at `sinceMs` or later and is none of `isUsed`; undefined when there is none. */
export async function findMail(
  client: ImapFlow,
  rules: MailRules,
  sinceMs: number,
  isUsed: (uid: number) => boolean,
): Promise<FoundCode | undefined> {
  const { from, subject, pattern } = rules;
  await client.noop(); // lets the server tell of what has come
  // SINCE compares dates without a time, in the server's zone: a day earlier, and exactly below.
  const query = { since: new Date(sinceMs - DAY_MS), ...(from && { from }), ...(subject && { subject }) };
  const found = (await client.search(query, { uid: true })) || [];
  const uids = found.slice(-NEWEST).filter((uid) => !isUsed(uid));
  if (uids.length === 0) return undefined;
  const wanted = { uid: true, internalDate: true, envelope: true, bodyStructure: true };
  const mails = await client.fetchAll(uids.join(","), wanted, { uid: true });
  const recent = mails.filter((mail) => arrivedMs(mail) >= sinceMs).sort((a, b) => b.uid - a.uid);
  for (const mail of recent) {
    const code = findCode(mail.envelope?.subject ?? "", pattern) ?? findCode(await bodyOf(client, mail), pattern);
    if (code !== undefined) return { uid: mail.uid, code };
  }
  return undefined;
}

/** Waits until the server tells of a new mail, or for 2 s, since not every server tells. @throws The signal's reason. */
export async function awaitMail(client: ImapFlow, clock: Pick<Clock, "sleep">, signal: AbortSignal): Promise<void> {
  const arrived = new AbortController();
  const onExists = () => arrived.abort();
  client.once("exists", onExists);
  client.once("close", onExists); // the next command tells why
  try {
    client.idle().catch(() => {}); // ended by the next command, which fails too where this does
    await clock.sleep(POLL_MS, AbortSignal.any([signal, arrived.signal]));
  } catch {
    signal.throwIfAborted();
  } finally {
    client.off("exists", onExists);
    client.off("close", onExists);
  }
}

/** The last moment of the second in which the mail arrived: servers tell no more than that. */
function arrivedMs({ internalDate }: FetchMessageObject): number {
  return internalDate === undefined ? Number.NEGATIVE_INFINITY : new Date(internalDate).getTime() + 999;
}

async function bodyOf(client: ImapFlow, { uid, bodyStructure }: FetchMessageObject): Promise<string> {
  const part = bodyStructure && (findPart(bodyStructure, "text/plain") ?? findPart(bodyStructure, "text/html"));
  if (part === undefined) return "";
  const download = await client.download(String(uid), part.part ?? "1", { uid: true, maxBytes: MAX_BODY_BYTES });
  if (!("content" in download) || download.content === undefined) return "";
  const chunks: Buffer[] = [];
  for await (const chunk of download.content) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8"); // of text parts, imapflow decodes encoding and charset
  return part.type === "text/html" ? textOfHtml(text) : text;
}

function findPart(node: MessageStructureObject, type: string): MessageStructureObject | undefined {
  if (node.type === type && node.disposition !== "attachment") return node;
  for (const child of node.childNodes ?? []) {
    const part = findPart(child, type);
    if (part !== undefined) return part;
  }
  return undefined;
}
