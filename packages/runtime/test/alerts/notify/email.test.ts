import { afterEach, expect, test } from "vitest";
import { createEmailSink } from "../../../src/alerts/notify/email.ts";
import { DeliveryError } from "../../../src/alerts/notify/sink.ts";
import type { EmailSettings } from "../../../src/alerts/settings.ts";
import { alertOf, messageOf, resolvedOf } from "./alert.ts";
import { receiveMail } from "./smtp-server.ts";

const PASSWORD = "mail-pass-w0rd";
const signal = new AbortController().signal;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function setUp(settings: Partial<EmailSettings> = {}, refuse?: Parameters<typeof receiveMail>[0]) {
  const server = await receiveMail(refuse);
  closers.push(server.close);
  const sink = createEmailSink({
    host: "127.0.0.1",
    port: server.port,
    encryption: "none",
    from: "pitlane@example.com",
    to: ["ann@example.com", "bob@example.com"],
    least: "warning",
    ...settings,
  });
  return { ...server, sink };
}

async function failureOf(send: Promise<void>): Promise<DeliveryError> {
  const failure: unknown = await send.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DeliveryError);
  return failure as DeliveryError;
}

test("an e-mail goes to everybody, with the counts as its subject and a line an alert", async () => {
  const { sink, mails } = await setUp({ user: "ann", password: PASSWORD });
  await sink.send(messageOf(["raised", alertOf()], ["resolved", resolvedOf(alertOf({ id: "2" }))]), signal);
  expect(mails).toHaveLength(1);
  const { from, to, data, auth } = mails[0]!;
  expect(from).toContain("<pitlane@example.com>");
  expect(to.map((line) => line.replace(/.*<(.*)>.*/, "$1"))).toEqual(["ann@example.com", "bob@example.com"]);
  expect(auth).toBe(`\0ann\0${PASSWORD}`);
  expect(data).toMatch(/^Subject: Pitlane: 1 warning, 1 resolved$/m);
  expect(data).toMatch(/^Message-ID: <run-0-1@pitlane\.invalid>$/m);
  expect(data).toMatch(/^Auto-Submitted: auto-generated$/m);
  expect(data).toMatch(/^warning: p99 of order execution is 61\.2 ms, threshold 50 ms$/m);
  expect(data).not.toContain(PASSWORD);
});

test("without a user nobody logs in", async () => {
  const { sink, mails } = await setUp();
  await sink.send(messageOf(), signal);
  expect(mails[0]?.auth).toBeUndefined();
});

test("a password is not said over a connection that does not become encrypted", async () => {
  const { sink, commands, mails } = await setUp({ encryption: "starttls", user: "ann", password: PASSWORD });
  const failure = await failureOf(sink.send(messageOf(), signal));
  expect(failure.retryable).toBe(false);
  expect(commands.filter((command) => /^(AUTH|MAIL)/i.test(command))).toEqual([]);
  expect(mails).toEqual([]);
});

test.each([
  ["RCPT", "451 4.3.0 come again", true],
  ["RCPT", "550 5.1.1 no such mailbox", false],
  ["AUTH", `535 5.7.8 ${PASSWORD} is wrong`, false],
  ["MAIL", "421 4.3.2 shutting down", true],
])("after %s, %s: another attempt %s, and no password in what is told", async (verb, reply, retryable) => {
  const { sink } = await setUp({ user: "ann", password: PASSWORD, to: ["ann@example.com"] }, (command) =>
    command.startsWith(verb) ? reply : undefined,
  );
  const failure = await failureOf(sink.send(messageOf(), signal));
  expect(failure.retryable).toBe(retryable);
  expect(`${failure.message} ${failure.stack} ${String(failure.cause)}`).not.toContain(PASSWORD);
});

test("a server that is not there may be back later", async () => {
  const gone = await receiveMail();
  await gone.close();
  const { sink } = await setUp({ port: gone.port });
  expect((await failureOf(sink.send(messageOf(), signal))).retryable).toBe(true);
});
