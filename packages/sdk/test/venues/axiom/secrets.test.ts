import { inspect } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { type AxiomOptions, createAxiom } from "../../../src/venues/axiom/index.ts";
import { hashPassword } from "../../../src/venues/axiom/password.ts";
import { MINT, PAIR, WALLET } from "./examples.ts";
import { authCookies, type FakeAnswer, type FakeRequest, fakeAxiom, token, until } from "./fake-axiom.ts";
import { createTransaction, createWallet } from "./wallets.ts";

const PASSWORD = "planted-password-9f3k";
const CODE = "481516";
const REFRESH = "planted-refresh-token-77aa";
const CLEARANCE = "planted/clearance+22bb==";
const CHALLENGE = "planted-challenge-33cc";
const TURNSTILE = "planted-turnstile-44dd";
const BUNDLE_KEY = Buffer.from("planted bundle key, of 32 bytes!").toString("base64");

/** Everything that a log of a thing could show. */
function shown(thing: unknown): string {
  const texts = [inspect(thing, { depth: Number.POSITIVE_INFINITY, showHidden: true }), String(thing)];
  for (let error = thing; error instanceof Error; error = error.cause)
    texts.push(error.message, error.stack ?? "", JSON.stringify(error));
  return texts.join("\n");
}

/** JSON as some servers write it: nothing but letters as they are. */
function escaped(value: unknown): string {
  const sign = (text: string) => `\\u${text.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[/+=<>&']/g, sign);
}

/** Answers that quote all that was sent: in JSON, on a page, in what is no JSON at all. */
const echoes: readonly ((request: FakeRequest) => FakeAnswer)[] = [
  ({ headers, body }) => ({ status: 400, json: { error: `bad request: ${JSON.stringify({ headers, body })}` } }),
  ({ headers, body }) => ({ status: 400, text: escaped({ error: `bad: ${headers.cookie} ${JSON.stringify(body)}` }) }),
  ({ headers, body }) => ({ status: 500, text: `<h1>${JSON.stringify({ headers, body })}</h1>` }),
  ({ headers, body }) => ({ text: `not json ${JSON.stringify({ headers, body })}` }),
  ({ headers, body }) => ({ json: { echo: { headers, body }, wallets: [headers.cookie], bundleKey: BUNDLE_KEY } }),
  ({ headers }) => ({ status: 401, json: { error: `no such session: ${headers.cookie}` } }),
  ({ headers }) => ({ status: 403, text: `<p>${encodeURIComponent(headers.cookie ?? "")}</p>` }),
  () => "reset",
];

test("no secret is in an error, an event, or what is inspected, whatever the venue quotes", async () => {
  const heard: unknown[] = [];
  const keep = (error: unknown) => void heard.push(error);
  const warnings = vi.spyOn(process, "emitWarning").mockImplementation(keep as never);
  onTestFinished(() => warnings.mockRestore());
  const access = token("planted-user", 900);
  const b64Password = await hashPassword(PASSWORD);
  const secrets = [access, REFRESH, CLEARANCE, PASSWORD, b64Password, CHALLENGE, TURNSTILE, BUNDLE_KEY];

  async function drive(options: AxiomOptions, answer: (request: FakeRequest) => FakeAnswer, refuse?: number) {
    const fake = await fakeAxiom({
      answer,
      refuse: () => refuse,
      onSocket: (socket) => socket.send(`{"room":"b-${PAIR}","content":"${access}"}`),
    });
    const axiom = createAxiom({
      urls: fake.urls,
      retries: 0,
      callTimeoutMs: 3_000,
      unverified: true,
      ...options,
    } as AxiomOptions);
    for (const event of ["sessionLost", "retried", "endpointDown", "rateLimited"] as const)
      axiom.events.on(event, keep);
    const wallet = createWallet();
    await Promise.all(
      [
        axiom.session.ensure(),
        axiom.session.login(),
        axiom.session.refresh(),
        axiom.market.getOnlineUsers(),
        axiom.market.getPairInfo(PAIR),
        axiom.account.getWallets().then(keep),
        axiom.account.getWallets({ version: 2 }).then(keep),
        axiom.transactions.reportOpenedPosition({ walletAddresses: [WALLET], tokenAddress: MINT, subOrgId: "x" }),
        axiom.account.balancesOf([WALLET]).then(keep),
        axiom.account.getAlerts(),
        axiom.tracking.addWallet({ walletAddress: WALLET, name: "x", emoji: "x" }),
        axiom.transactions.submitMany([{ transaction: createTransaction([wallet], "a") }]).then((outcomes) => {
          for (const outcome of outcomes) if (!outcome.ok) keep(outcome.error);
        }),
        axiom.session.use({ accessToken: `no-jwt-${REFRESH}` }),
        axiom.session.use({ cookies: `${CLEARANCE}` }),
      ].map((call) => Promise.resolve(call).catch(keep)),
    );
    const streams = [
      axiom.stream.rooms({ rooms: [`b-${PAIR}`], onError: keep }),
      axiom.stream.pulse({ onError: keep }),
      axiom.stream.trackedTrades({ onError: keep }),
      axiom.stream.friends({ page: { subpage: { pairAddress: PAIR } }, onError: keep }),
    ];
    await until(() => fake.handshakes.length > 0 || heard.length > 0);
    keep(axiom);
    keep(streams);
    keep(axiom.session.getInfo());
    await axiom.close();
  }

  const session = { accessToken: access, refreshToken: REFRESH, cookies: { cf_clearance: CLEARANCE } };
  const password = { email: "a@example.org", password: PASSWORD, onOtp: async () => CODE };
  const wallet = { walletAddress: MINT, sign: () => new Uint8Array(64).fill(1), turnstileToken: TURNSTILE };
  for (const echo of echoes) {
    await drive({ session }, echo, 403);
    await drive({ session: { refreshToken: REFRESH, cookies: { cf_clearance: CLEARANCE } } }, echo, 401);
    await drive({ credentials: password }, (request) =>
      request.path === "/login-password-v2" ? { json: { otpJwtToken: CHALLENGE } } : echo(request),
    );
    await drive({ credentials: wallet }, (request) =>
      request.path === "/wallet-nonce" ? { text: "nonce" } : echo(request),
    );
  }
  // A login that succeeds, and then everything fails with its tokens.
  await drive({ credentials: password }, (request) => {
    if (request.path === "/login-password-v2") return { json: { otpJwtToken: CHALLENGE } };
    if (request.path === "/login-otp") return { json: {}, headers: { "set-cookie": authCookies(access, REFRESH) } };
    return { status: 400, json: { error: `${request.headers.cookie} ${JSON.stringify(request.body)}` } };
  });
  await drive({ session }, () => ({ json: { bundleKey: BUNDLE_KEY, wallets: [] } }));

  expect(heard.length).toBeGreaterThan(200);
  const all = heard.map(shown).join("\n");
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")]) {
      expect(
        all.includes(form),
        `${form} was shown: ${all.slice(Math.max(0, all.indexOf(form) - 300), all.indexOf(form) + 50)}`,
      ).toBe(false);
    }
  }
  // The code is short enough to be in other numbers: it is looked for where it would be quoted.
  expect(all).not.toMatch(new RegExp(`"code\\\\*":\\s*\\\\*"${CODE}`));
}, 60_000);
