import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, promisify } from "node:util";
import { createSystemClock } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { InvalidInputError, TimeoutError } from "../../src/errors.ts";
import { type ImapOtpOptions, imapOtp, MailboxError } from "../../src/imap/index.ts";
import { bundle } from "../session/support.ts";
import { rejectionOf } from "../support/rejection.ts";
import { type Dovecot, hasDovecot, needingDovecot, startDovecot } from "./support/dovecot.ts";

const password = "PLANTED-imap-password";
const never = new AbortController().signal;

const mailOf = (subject: string, body = "Hello.", type = "text/plain; charset=utf-8") =>
  `From: Axiom <no-reply@axiom.example>\nTo: me@example.org\nSubject: ${subject}\nMIME-Version: 1.0\nContent-Type: ${type}\n\n${body}\n`;

/** A clock that stands still at the host's time: what happens under it, no timer of ours has caused. */
const stillClock = () => new ManualClock(createSystemClock().nowUs());

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe.skipIf(!hasDovecot)(needingDovecot("a real IMAP server"), () => {
  let server: Dovecot;
  let withoutIdle: Dovecot;

  beforeAll(async () => {
    [server, withoutIdle] = await Promise.all([startDovecot(password), startDovecot(password, { idle: false })]);
  });

  afterAll(() => Promise.all([server.stop(), withoutIdle.stop()]));

  beforeEach(async () => {
    for (const one of [server, withoutIdle]) {
      const client = await one.open();
      await client.mailboxOpen("INBOX");
      await client.messageDelete("1:*");
      await client.logout();
    }
  });

  const optionsOf = (one: Dovecot): ImapOtpOptions => ({
    host: "127.0.0.1",
    port: one.port,
    secure: false,
    user: one.user,
    password,
  });

  function fetchCode(options: Partial<ImapOtpOptions> = {}, one = server, askedMs = Date.now()) {
    return imapOtp({ ...optionsOf(one), ...options })({ askedAtUs: askedMs * 1000, sentTo: one.user }, never);
  }

  async function flagsOf(one = server): Promise<Record<string, string[]>> {
    const client = await one.open();
    await client.mailboxOpen("INBOX");
    const mails = await client.fetchAll("1:*", { flags: true, envelope: true });
    await client.logout();
    return Object.fromEntries(mails.map((mail) => [mail.envelope?.subject ?? "", [...(mail.flags ?? [])]]));
  }

  test("a mail that is there already is read, marked as seen, and no other is touched", async () => {
    await server.deliver(mailOf("Newsletter"));
    await server.deliver(mailOf("Your Axiom security code is 123456"));
    expect(await fetchCode()).toBe("123456");
    const flags = await flagsOf();
    expect(flags["Your Axiom security code is 123456"]).toContain("\\Seen");
    expect(flags["Newsletter"]).not.toContain("\\Seen");
  });

  test("a mail that comes later is told by the server: no timer runs", async () => {
    const clock = stillClock();
    const code = fetchCode({ clock });
    await until(() => clock.sleeping === 2); // the time limit, and the wait for a mail
    await server.deliver(mailOf("Newsletter"));
    await server.deliver(mailOf("Your Axiom security code is 234567"));
    expect(await code).toBe("234567");
    expect(clock.sleeping).toBe(0);
  });

  test("a server that does not tell is asked every 2 s", async () => {
    const clock = stillClock();
    const code = fetchCode({ clock }, withoutIdle);
    await until(() => clock.sleeping === 2);
    await withoutIdle.deliver(mailOf("Your Axiom security code is 345678"));
    clock.advance({ ms: 1_999 });
    expect(clock.sleeping).toBe(2);
    clock.advance({ ms: 1 });
    expect(await code).toBe("345678");
  });

  test("a mail older than the challenge holds an old code", async () => {
    const clock = stillClock();
    const nowMs = clock.nowUs() / 1000;
    await server.deliver(mailOf("Your code is 111111"), new Date(nowMs - 20_000));
    const code = fetchCode({ clock }, server, nowMs);
    await until(() => clock.sleeping === 2);
    await server.deliver(mailOf("Your code is 222222"));
    expect(await code).toBe("222222");
  });

  test("a mail server whose clock is behind is borne with, as far as told", async () => {
    await server.deliver(mailOf("Your code is 111111"), new Date(Date.now() - 20_000));
    expect(await fetchCode({ clockToleranceMs: 30_000 })).toBe("111111");
  });

  test("a mail older than maxAgeMs is not taken, however old the challenge", async () => {
    const clock = stillClock();
    const nowMs = clock.nowUs() / 1000;
    await server.deliver(mailOf("Your code is 111111"), new Date(nowMs - 20_000));
    const code = fetchCode({ clock, maxAgeMs: 10_000 }, server, nowMs - 60_000);
    await until(() => clock.sleeping === 2);
    await server.deliver(mailOf("Your code is 222222"));
    expect(await code).toBe("222222");
  });

  test("of several mails the newest counts, and none is used twice", async () => {
    const clock = stillClock();
    const onOtp = imapOtp({ ...optionsOf(server), clock });
    const challenge = { askedAtUs: clock.nowUs(), sentTo: server.user };
    await server.deliver(mailOf("Your code is 111111"));
    await server.deliver(mailOf("Your code is 222222"));
    expect(await onOtp(challenge, never)).toBe("222222");
    expect(await onOtp(challenge, never)).toBe("111111");
    const third = onOtp(challenge, never);
    await until(() => clock.sleeping === 2);
    await server.deliver(mailOf("Your code is 333333"));
    expect(await third).toBe("333333");
  });

  test("sender and subject are matched where told", async () => {
    const clock = stillClock();
    await server.deliver(mailOf("Your code is 111111").replace("axiom.example", "phish.example"));
    await server.deliver(mailOf("Your number is 222222"));
    await server.deliver(mailOf("Your code is 333333"));
    await server.deliver(mailOf("Your prize is 444444"));
    expect(await fetchCode({ clock, from: "axiom.example", subject: "code" })).toBe("333333");
  });

  test.each([
    ["a plain body", mailOf("Login", "Your code: 456789\n")],
    ["an HTML body", mailOf("Login", "<p style='color:#112233'>Code <b>456789</b></p>", "text/html; charset=utf-8")],
    [
      "encoded parts, the plain one first",
      mailOf(
        "Login",
        `--b\nContent-Type: text/html\n\n<p>999999</p>\n--b\nContent-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n${Buffer.from("Code: 456789", "utf16le").toString("base64")}\n--b--`,
        'multipart/alternative; boundary="b"',
      ),
    ],
    ["a subject in MIME words", mailOf(`=?utf-8?B?${Buffer.from("Dein Code: 456789 ✓").toString("base64")}?=`)],
  ])("the code is read from %s", async (_, mail) => {
    await server.deliver(mail);
    expect(await fetchCode()).toBe("456789");
  });

  test("a pattern of the user's finds other codes", async () => {
    await server.deliver(mailOf("Login", "Your word is 123456 or rather PIN-XK42."));
    expect(await fetchCode({ pattern: /PIN-(\w{4})/ })).toBe("XK42");
  });

  test("gives up after its time, and leaves nothing running", async () => {
    const clock = stillClock();
    const code = rejectionOf(fetchCode({ clock, timeoutMs: 10_000 }));
    await until(() => clock.sleeping === 2);
    clock.advance({ ms: 10_000 });
    const error = await code;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.message).toBe("no mail with a code came to me@example.org within 10000 ms");
    expect(clock.sleeping).toBe(0);
  });

  test("an abort ends it with its reason, waiting or not yet connected", async () => {
    const clock = stillClock();
    const onOtp = imapOtp({ ...optionsOf(server), clock });
    const challenge = { askedAtUs: clock.nowUs(), sentTo: server.user };
    const stop = new AbortController();
    const waiting = rejectionOf(onOtp(challenge, stop.signal));
    await until(() => clock.sleeping === 2);
    stop.abort(new Error("given up"));
    expect((await waiting).message).toBe("given up");
    expect((await rejectionOf(onOtp(challenge, stop.signal))).message).toBe("given up");
    expect(clock.sleeping).toBe(0);
  });

  test("a lost connection is made again", async () => {
    const clock = stillClock();
    const code = fetchCode({ clock });
    await until(() => clock.sleeping === 2);
    const logins = server.logins();
    server.kick();
    await server.deliver(mailOf("Your code is 567890"));
    await until(() => {
      clock.advance({ ms: 100 }); // to the next attempt
      return clock.sleeping === 0;
    });
    expect(await code).toBe("567890");
    expect(server.logins() - logins).toBe(2); // the delivery's, and ours
  });

  test("a refused password is told at once, and is not in what is told", async () => {
    const error = await rejectionOf(fetchCode({ password: "WRONG-imap-password" }));
    expect(error).toBeInstanceOf(MailboxError);
    expect(error.message).toMatch(
      /^the mailbox of me@example\.org at 127\.0\.0\.1:\d+ cannot be read: the login was refused/,
    );
    expect(error).toMatchObject({ outcome: "unsent", retryable: false });
    const shown = inspect(error, { showHidden: true, depth: null });
    expect(shown).not.toContain("WRONG-imap-password");
    expect(shown).not.toContain(Buffer.from("\0me@example.org\0WRONG-imap-password").toString("base64"));
  });

  test("a mailbox that is not there is told", async () => {
    const error = await rejectionOf(fetchCode({ mailbox: "No such" }));
    expect(error).toBeInstanceOf(MailboxError);
    expect(error.message).toMatch(/Mailbox doesn't exist/);
  });
});

test("a host that does not answer is tried again until the time is up, and the reason is told", async () => {
  const clock = stillClock();
  const onOtp = imapOtp({ host: "127.0.0.1", port: 1, secure: false, user: "me", password, timeoutMs: 5_000, clock });
  const code = rejectionOf(onOtp({ askedAtUs: clock.nowUs(), sentTo: "me" }, never));
  for (let i = 0; i < 2; i++) {
    await until(() => clock.sleeping === 2);
    clock.advance({ ms: 2_000 });
  }
  await until(() => clock.sleeping === 2);
  clock.advance({ ms: 1_000 });
  const error = await code;
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error.message).toMatch(/; last: ECONNREFUSED$/);
  expect(inspect(error, { showHidden: true, depth: null })).not.toContain(password);
});

test("a host other than this machine gets no password before TLS", async () => {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.write("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n");
    socket.on("data", (data) => {
      heard.push(data.toString());
      const [tag = "", command = ""] = data.toString().split(/\s/);
      if (command === "CAPABILITY") socket.write("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n");
      socket.write(`${tag} OK done\r\n`);
    });
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  const { port } = server.address() as { port: number };
  // Any name but those of loopback stands for another machine: the connection itself goes to this one.
  const onOtp = imapOtp({ host: "0.0.0.0", port, secure: false, user: "me", password });
  const error = await rejectionOf(onOtp({ askedAtUs: Date.now() * 1000, sentTo: "me" }, never));
  expect(error).toBeInstanceOf(MailboxError);
  expect(error.message).toMatch(/STARTTLS/);
  expect(heard.join("")).not.toMatch(/LOGIN|AUTHENTICATE|PLANTED/i);
  await new Promise((resolve) => server.close(resolve));
});

test("says which package to install when imapflow is missing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pitlane-imap-missing-"));
  try {
    const parts = `export { imapOtp } from "../../src/imap/index.ts";
       export { createLogin } from "../../src/session/login.ts";`;
    await bundle(parts, join(folder, "imap.mjs"), ["imapflow"]);
    await writeFile(
      join(folder, "program.mjs"),
      `import { createLogin, imapOtp } from "./imap.mjs";
       const onOtp = imapOtp({ host: "127.0.0.1", user: "me", password: "x" });
       const { signal } = new AbortController();
       const tell = ({ code, message }) => console.log(code, message);
       await onOtp({ askedAtUs: 0, sentTo: "me" }, signal).catch(tell);
       const begin = async () => console.log("the venue was asked for a code");
       await createLogin({ begin, onOtp, finish: begin, clock: { sleep: async () => {} } })(signal).catch(tell);`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "program.mjs")], { cwd: folder });
    const missing = "MISSING_PACKAGE codes from a mailbox need the package imapflow: npm install imapflow";
    expect(stdout.trim().split("\n")).toEqual([missing, missing]); // and no login was begun
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

describe("bad input is refused before any I/O", () => {
  test.each([[undefined], [null], ["imap.example.org"]])("options %j", (options) => {
    expect(() => imapOtp(options as never)).toThrow(InvalidInputError);
  });

  const good: ImapOtpOptions = { host: "imap.example.org", user: "me", password };
  test.each([
    ["secure", { secure: "no" as never }],
    ["secure", { secure: 0 as never }],
    ["host", { host: "" }],
    ["port", { port: 0 }],
    ["port", { port: 70_000 }],
    ["user", { user: "me\r\nA1 LOGOUT" }],
    ["password", { password: "" }],
    ["mailbox", { mailbox: "" }],
    ["from", { from: "" }],
    ["subject", { subject: "\0" }],
    ["pattern", { pattern: "\\d+" as unknown as RegExp }],
    ["maxAgeMs", { maxAgeMs: 0 }],
    ["clockToleranceMs", { clockToleranceMs: -1 }],
    ["timeoutMs", { timeoutMs: Number.NaN }],
  ])("%s", (field, options) => {
    const refuse = () => imapOtp({ ...good, ...options });
    expect(refuse).toThrow(InvalidInputError);
    expect(refuse).toThrow(new RegExp(`^${field} must`));
  });
});
