import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, type Server } from "node:http";
import { type AddressInfo, createServer, type Server as SocketServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { createRandom, createSystemClock } from "@pitlane/perf";
import { EventEmitter } from "eventemitter3";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ClientEvents } from "../../src/client-events.ts";
import { AuthError, NetworkError } from "../../src/errors.ts";
import { imapOtp } from "../../src/imap/index.ts";
import { CookieJar } from "../../src/session/cookies.ts";
import { createFileStore } from "../../src/session/file-store.ts";
import { readTokenTimes } from "../../src/session/jwt.ts";
import { createLogin } from "../../src/session/login.ts";
import { Redactor, Secret } from "../../src/session/secrets.ts";
import type { SessionTokens } from "../../src/session/session.ts";
import { createSessionManager, type SessionManagerOptions } from "../../src/session/session-manager.ts";
import { createSigner } from "../../src/session/sign.ts";
import { HttpCall } from "../../src/transport/transport.ts";
import { rejectionOf } from "../support/rejection.ts";
import { tokenOf } from "./support.ts";

const iat = Math.floor(Date.now() / 1000);
const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const planted = {
  apiKey: "PLANTEDapiKEY0123456789",
  apiSecret: "PLANTEDapiSECRET0123456789",
  pemBody: pem.split("\n")[1] as string,
  passphrase: "PLANTED pass/phrase & more",
  otherPassphrase: "PLANTED other passphrase",
  accessToken: tokenOf({ iat: iat - 1_000, exp: iat - 40, planted: "ACCESS" }),
  refreshToken: "PLANTED-refresh-token",
  cookie: "PLANTED-cookie-value",
  password: "PLANTED-login-password",
  imapPassword: "PLANTED-imap-password",
  otp: "PLANTED1234OTP",
};
const tokens: SessionTokens = { accessToken: planted.accessToken, refreshToken: planted.refreshToken };

/** Every way in which a secret might be written. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString("base64"),
    bytes.toString("base64url"),
    bytes.toString("hex"),
  ];
}

function leaksIn(text: string | Buffer): string[] {
  return Object.entries(planted)
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([name]) => name);
}

/** All that can be seen of a value: hidden properties, stacks and causes included. */
function shown(value: unknown): string {
  const parts = [
    inspect(value, { showHidden: true, depth: Number.POSITIVE_INFINITY, getters: true, maxStringLength: null }),
  ];
  try {
    parts.push(JSON.stringify(value) ?? "", String(value));
  } catch (error) {
    parts.push(String(error)); // a cycle
  }
  for (let error = value; error instanceof Error; error = error.cause) parts.push(error.message, error.stack ?? "");
  return parts.join("\n");
}

const written: string[] = [];
const clock = createSystemClock();
const random = createRandom(1);
let folder: string;
let venue: Server;
let mailServer: SocketServer;
let venueUrl: string;
let mailPort: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pitlane-planted-"));
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((chunk) => {
      written.push(Buffer.from(chunk as string).toString());
      return true;
    });
  }
  // Both quote all they were sent in what they refuse it with, as careless servers do.
  venue = createHttpServer((request, response) => {
    let body = "";
    request.on("data", (data) => {
      body += data;
    });
    request.on("end", () => response.writeHead(401).end(`refused: ${JSON.stringify(request.headers)} ${body}`));
  });
  await new Promise<void>((resolve) => venue.listen(0, "127.0.0.1", resolve));
  venueUrl = `http://127.0.0.1:${(venue.address() as AddressInfo).port}`;
  mailServer = createServer((socket) => {
    socket.on("error", () => {});
    socket.write("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n");
    socket.on("data", (data) => {
      const [line = ""] = data.toString().split("\r\n");
      const [tag = ""] = line.split(" ");
      socket.write(`${tag} NO [AUTHENTICATIONFAILED] refused: ${line.slice(tag.length)} ${planted.imapPassword}\r\n`);
    });
  });
  await new Promise<void>((resolve) => mailServer.listen(0, "127.0.0.1", resolve));
  mailPort = (mailServer.address() as AddressInfo).port;
});

afterAll(async () => {
  vi.restoreAllMocks();
  venue.closeAllConnections();
  await Promise.all([
    new Promise((resolve) => venue.close(resolve)),
    new Promise((resolve) => mailServer.close(resolve)),
    rm(folder, { recursive: true, force: true }),
  ]);
});

function managerOf(options: Partial<SessionManagerOptions<SessionTokens>>) {
  const events = new EventEmitter<ClientEvents>();
  const told: unknown[] = [];
  for (const name of ["retried", "sessionLost", "sessionRefreshed"] as const) {
    events.on(name, (event: unknown) => told.push(event));
  }
  const refresh = () => Promise.reject(new NetworkError("no connection", { outcome: "unknown" }));
  return { told, manager: createSessionManager<SessionTokens>({ refresh, events, clock, random, ...options }) };
}

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown, where something was expected");
}

/** Asks the venue with a secret in header and body, and throws what it answers as a client of it does: redacted. */
async function ask(redactor: Redactor, secret: string, signal: AbortSignal): Promise<never> {
  const headers = { cookie: `auth-refresh-token=${encodeURIComponent(secret)}` };
  const body = JSON.stringify({ secret, b64: Buffer.from(`me:${secret}`).toString("base64") });
  const response = await fetch(venueUrl, { method: "POST", headers, body, signal });
  const venueText = redactor.redact(await response.text());
  throw new AuthError(`the venue refused: ${venueText}`, { status: response.status, venueText });
}

test("the search finds what it looks for", () => {
  const error = new Error("outer", { cause: new NetworkError(`inner ${planted.otp}`, { outcome: "unsent" }) });
  expect(leaksIn(shown(error))).toEqual(["otp"]);
  expect(leaksIn(shown({ deep: { er: [encodeURIComponent(planted.passphrase)] } }))).toEqual(["passphrase"]);
  expect(leaksIn(Buffer.from(planted.cookie).toString("base64"))).toEqual(["cookie"]);
});

test("no secret is in any error, event, object, store file or output, whatever fails", async () => {
  const seen: Record<string, unknown> = {};
  const { signal } = new AbortController();
  const path = join(folder, "session");
  const redactor = new Redactor();
  redactor.set("login", [planted.password, planted.otp, planted.cookie]);

  // Credentials, tokens and cookies that cannot be used.
  const { apiKey } = planted;
  seen["key"] = thrownBy(() => createSigner({ apiKey: `${apiKey} `, apiSecret: planted.apiSecret }));
  seen["secret"] = thrownBy(() => createSigner({ apiKey, apiSecret: ` ${planted.apiSecret}` }));
  const badPem = pem.replace(planted.pemBody, `AAAA${planted.pemBody}`);
  seen["pem"] = thrownBy(() => createSigner({ apiKey, apiSecret: badPem }));
  seen["token"] = thrownBy(() => readTokenTimes(planted.refreshToken));
  seen["claims"] = thrownBy(() => readTokenTimes(`a.${Buffer.from(planted.refreshToken).toString("base64url")}.b`));
  seen["tokens"] = thrownBy(() => managerOf({ tokens: { accessToken: `${planted.refreshToken}\n` } }));
  seen["opaque"] = thrownBy(() => managerOf({ tokens: { accessToken: planted.refreshToken } }));
  seen["cookies"] = thrownBy(() => new CookieJar({ a: `${planted.cookie};` }));
  seen["header"] = thrownBy(() => new CookieJar(planted.cookie));
  seen["imap"] = thrownBy(() => imapOtp({ host: "x", user: "me", password: `${planted.imapPassword}\n` }));
  seen["path"] = thrownBy(() => createFileStore({ path: "", passphrase: planted.passphrase }));

  // A login that fails at each of its steps, at a venue that quotes what it was sent.
  const challenge = { askedAtUs: clock.nowUs(), sentTo: "me@example.org" };
  const flow = {
    begin: async () => challenge,
    onOtp: async () => planted.otp,
    finish: (_: unknown, code: string, stop: AbortSignal) => ask(redactor, code, stop),
    clock,
  };
  seen["begin"] = await rejectionOf(
    createLogin({ ...flow, begin: (stop) => ask(redactor, planted.password, stop) })(signal),
  );
  seen["code"] = await rejectionOf(createLogin({ ...flow, onOtp: async () => `code: ${planted.otp}` })(signal));
  seen["long"] = await rejectionOf(createLogin(flow)(signal));
  seen["finish"] = await rejectionOf(
    createLogin({ ...flow, onOtp: async () => "123456", finish: (_, __, stop) => ask(redactor, planted.otp, stop) })(
      signal,
    ),
  );

  // A mailbox whose server quotes the password.
  const onOtp = imapOtp({
    host: "127.0.0.1",
    port: mailPort,
    secure: false,
    user: "me",
    password: planted.imapPassword,
  });
  seen["mailbox"] = await rejectionOf(onOtp(challenge, signal));
  expect(inspect(seen["mailbox"])).toContain("[secret]");

  // Stores that cannot be read or written.
  const store = createFileStore<SessionTokens>({ path, passphrase: planted.passphrase, scryptLogN: 10 });
  await store.save(tokens);
  const other = createFileStore<SessionTokens>({ path, passphrase: planted.otherPassphrase, scryptLogN: 10 });
  seen["passphrase"] = await rejectionOf(managerOf({ store: other }).manager.get());
  await chmod(path, 0o644);
  if (process.platform !== "win32") seen["mode"] = await rejectionOf(store.load());
  await chmod(path, 0o600);
  const whole = await readFile(path);
  await writeFile(path, whole.subarray(0, -3));
  seen["short"] = await rejectionOf(store.load());
  await writeFile(path, whole);

  // Sessions that cannot be renewed: refused, offline, with a store that fails beside them.
  const expired = (options: Partial<SessionManagerOptions<SessionTokens>>) =>
    managerOf({ tokens, redactor, ...options });
  const refused = expired({ store, refresh: (session, stop) => ask(redactor, session.refreshToken as string, stop) });
  seen["refused"] = await rejectionOf(refused.manager.get());
  const call = new HttpCall({ method: "GET", path: "/x", isRead: true });
  seen["prepare"] = await rejectionOf(refused.manager.authenticator(() => {}).prepare(call) as Promise<void>);
  const lostLogin = expired({
    refresh: (session, stop) => ask(redactor, session.refreshToken as string, stop),
    login: (stop) => ask(redactor, planted.password, stop),
  });
  seen["login"] = await rejectionOf(lostLogin.manager.get());
  const offline = expired({ refresh: async () => Promise.reject(new NetworkError("offline", { outcome: "unknown" })) });
  seen["offline"] = await rejectionOf(offline.manager.get());
  const odd = expired({ refresh: async () => ({ accessToken: planted.refreshToken }) });
  seen["odd"] = await rejectionOf(odd.manager.get());
  await mkdir(join(folder, "taken"), { mode: 0o700 });
  const taken = createFileStore<SessionTokens>({
    path: join(folder, "taken"),
    passphrase: planted.passphrase,
    scryptLogN: 10,
  });
  const unsaved = expired({
    store: taken,
    refresh: async () => ({ ...tokens, accessToken: tokenOf({ iat, exp: iat + 960 }) }),
  });
  await unsaved.manager.get(); // warns twice
  await vi.waitFor(() => expect(written.join("")).toContain("PITLANE_SESSION_STORE"));

  // What lives on, printed.
  const jar = new CookieJar({ auth: planted.cookie });
  jar.merge(`other=${planted.cookie}`, 0);
  seen["objects"] = {
    signers: [
      createSigner({ apiKey: "x", apiSecret: planted.apiSecret }),
      createSigner({ apiKey: "x", apiSecret: pem }),
    ],
    secret: new Secret(planted.password),
    managers: [refused, lostLogin, offline, odd, unsaved],
    stores: [store, other, taken],
    login: createLogin(flow),
    jar,
    redactor,
    onOtp,
  };

  for (const [name, value] of Object.entries(seen)) expect([name, leaksIn(shown(value))]).toEqual([name, []]);
  expect(Object.values(seen).filter((value) => value instanceof Error).length).toBeGreaterThan(20);
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const stored = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  expect(stored).toEqual([path]);
  for (const file of stored) expect(leaksIn(await readFile(file))).toEqual([]);
  expect(leaksIn(written.join(""))).toEqual([]);
});
