import { describe, expect, test } from "vitest";
import { DEMO_AXIOM_EMAIL, DEMO_AXIOM_PASSWORD } from "../../src/wire/axiom/index.ts";
import { passwordHash } from "../../src/wire/axiom/users.ts";
import { type Answer, createWallet, setUp } from "./local-venue.ts";

const b64Password = passwordHash(DEMO_AXIOM_PASSWORD);
const email = DEMO_AXIOM_EMAIL;

type Venue = Awaited<ReturnType<typeof setUp>>;

async function firstStep({ ask }: Venue, more: Record<string, unknown> = {}): Promise<Answer> {
  return ask("/login-password-v2", { body: { email, b64Password: await b64Password, ...more } });
}

async function secondStep(
  { ask }: Venue,
  challenge: string,
  code: string | undefined,
  more: Record<string, unknown> = {},
) {
  return ask("/login-otp", { cookie: `auth-otp-login-token=${challenge}`, body: { email, code, ...more } });
}

function claimsOf(token: string) {
  return JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString());
}

// Vectors computed by an independent implementation of the venue's hash.
test.each([
  ["test_password", "ZKZC8pJzit6jtqpSoWpy62UknqgJhXeK6RZIzjSPssk="],
  ["pässwörd", "P8b5XyjdkkXtcEsTU53aPzbid7cfxCDK9b9e75CyaqU="],
  ["", "TkFtd2u0aAsrndvG81gm57OeBbesQuSYADPuFNzEYsQ="],
])("expects %j hashed as the venue's clients do", async (password, hash) => {
  expect(await passwordHash(password)).toBe(hash);
});

describe("password and mail code", () => {
  test("give both tokens, in cookies and in JSON", async () => {
    const local = await setUp();
    const first = await firstStep(local);
    expect(first.status).toBe(200);
    expect(first.cookies["auth-otp-login-token"]).toBe(first.body.otpJwtToken);
    const mail = local.venue.mails.at(-1);
    expect(mail).toMatchObject({ to: email, subject: `Your Axiom security code is ${mail?.code}` });
    expect(mail?.code).toMatch(/^[0-9]{6}$/);

    const second = await secondStep(local, first.body.otpJwtToken, mail?.code, { b64Password: await b64Password });
    expect(second.status).toBe(200);
    expect(second.cookies["auth-access-token"]).toBe(second.body.accessToken);
    expect(second.cookies["auth-refresh-token"]).toBe(second.body.refreshToken);
    expect(second.headers.getSetCookie().every((header) => header.includes("; HttpOnly"))).toBe(true);

    const answer = await local.ask("/get-settings", { cookie: `auth-access-token=${second.body.accessToken}` });
    expect(answer.status).toBe(200);
  });

  test("give tokens with the venue's claims, 960 seconds of life and no end of the refresh token", async () => {
    const local = await setUp();
    const first = await firstStep(local);
    const { body } = await secondStep(local, first.body.otpJwtToken, local.venue.mails.at(-1)?.code);
    const nowS = local.clock.nowUs() / 1e6;
    expect(claimsOf(body.accessToken)).toEqual({
      authenticatedUserId: body.userId,
      scope: "web",
      iat: nowS,
      exp: nowS + 960,
    });
    expect(Object.keys(claimsOf(body.refreshToken))).toEqual(["refreshTokenId", "iat"]);
    expect(JSON.parse(Buffer.from(body.accessToken.split(".")[0], "base64url").toString())).toEqual({
      alg: "HS256",
      typ: "JWT",
    });
  });

  test("may take their steps at different ports of the venue", async () => {
    const local = await setUp({ regions: 2 });
    const first = await firstStep(local);
    const cookie = `auth-otp-login-token=${first.body.otpJwtToken}`;
    const code = local.venue.mails.at(-1)?.code;
    expect((await local.ask("/login-otp", { cookie, body: { email, code } }, 1)).status).toBe(200);
  });

  test("tell the mail's code to other processes too", async () => {
    const local = await setUp();
    await firstStep(local);
    const { body } = await local.ask("/_paper/axiom/mails");
    expect(body.mails).toEqual(local.venue.mails);
    expect(body.mails.length).toBe(1);
  });

  test("tell the hook of every mail", async () => {
    const told: string[] = [];
    const local = await setUp({ onMail: ({ code }) => told.push(code) });
    await firstStep(local);
    expect(told).toEqual([local.venue.mails[0]?.code]);
  });

  test("are refused with 500 when the password or the e-mail is wrong, or hashed another way", async () => {
    const local = await setUp();
    const wrong = await passwordHash("another");
    const body = { error: "Invalid email or password" };
    expect(await firstStep(local, { b64Password: wrong })).toMatchObject({ status: 500, body });
    expect(await firstStep(local, { b64Password: `${await b64Password}=` })).toMatchObject({ status: 500, body });
    expect(await firstStep(local, { email: "nobody@paper.example" })).toMatchObject({ status: 500, body });
    expect(local.venue.mails).toEqual([]);
  });

  test("take a code once", async () => {
    const local = await setUp();
    const { otpJwtToken } = (await firstStep(local)).body;
    const code = local.venue.mails.at(-1)?.code;
    expect((await secondStep(local, otpJwtToken, code)).status).toBe(200);
    expect(await secondStep(local, otpJwtToken, code)).toMatchObject({
      status: 400,
      body: { error: "Invalid or expired code" },
    });
  });

  test("take a code until it expires", async () => {
    const local = await setUp({ codeLifeMs: 10_000 });
    const { otpJwtToken } = (await firstStep(local)).body;
    local.clock.advance({ ms: 10_000 });
    expect((await secondStep(local, otpJwtToken, local.venue.mails.at(-1)?.code)).status).toBe(400);
  });

  test("end a challenge after five wrong codes", async () => {
    const local = await setUp();
    const { otpJwtToken } = (await firstStep(local)).body;
    const code = local.venue.mails.at(-1)!.code;
    const wrong = code === "000000" ? "000001" : "000000";
    for (let i = 0; i < 5; i++) expect((await secondStep(local, otpJwtToken, wrong)).status).toBe(400);
    expect((await secondStep(local, otpJwtToken, code)).status).toBe(400);
  });

  test("need the cookie of the challenge, not one made up", async () => {
    const local = await setUp();
    const { otpJwtToken } = (await firstStep(local)).body;
    const code = local.venue.mails.at(-1)?.code;
    const [head, claims] = otpJwtToken.split(".");
    for (const forged of ["", "x", `${head}.${claims}.`, `${head}.${claims}.AAAA`]) {
      expect((await secondStep(local, forged, code)).status).toBe(400);
    }
  });

  test.each([
    ["cookies", true, false],
    ["json", false, true],
  ] as const)("give tokens in %s alone when told so", async (tokensIn, inCookies, inJson) => {
    const local = await setUp({ tokensIn });
    const first = await firstStep(local);
    const challenge = first.cookies["auth-otp-login-token"] ?? first.body.otpJwtToken;
    const second = await secondStep(local, challenge, local.venue.mails.at(-1)?.code);
    expect("auth-access-token" in second.cookies).toBe(inCookies);
    expect("accessToken" in second.body).toBe(inJson);
  });

  test("scope cookies to a domain when told so", async () => {
    const local = await setUp({ cookieDomain: ".axiom.trade" });
    const first = await firstStep(local);
    expect(first.headers.getSetCookie()[0]).toContain("; Domain=.axiom.trade;");
  });
});

describe("Turnstile", () => {
  test("is demanded of both logins while it is switched on", async () => {
    const local = await setUp();
    local.venue.turnstile = true;
    const refusal = { status: 400, body: { error: "Turnstile token is required" } };
    expect(await firstStep(local)).toMatchObject(refusal);
    expect(await local.ask("/verify-wallet-v2", { body: {} })).toMatchObject(refusal);
    expect((await firstStep(local, { turnstileToken: "from a browser" })).status).toBe(200);
    local.venue.turnstile = false;
    expect((await firstStep(local)).status).toBe(200);
  });

  test("is demanded at one port when a fault says so there", async () => {
    const local = await setUp({ regions: 2 });
    const fault = local.faults.add({ kind: "turnstile", region: "region1" });
    const body = { email, b64Password: await b64Password };
    expect((await local.ask("/login-password-v2", { body }, 1)).status).toBe(400);
    expect((await local.ask("/login-password-v2", { body }, 0)).status).toBe(200);
    fault.remove();
    expect((await local.ask("/login-password-v2", { body }, 1)).status).toBe(200);
  });
});

describe("a wallet's signature", () => {
  const wallet = createWallet();
  const users = [{ email, password: DEMO_AXIOM_PASSWORD, wallets: [{ address: wallet.address }] }];
  const messageOf = (nonce: string) =>
    `By signing, you agree to Axiom's Terms of Use & Privacy Policy (axiom.trade/legal).\n\nNonce: ${nonce}`;

  async function signIn({ ask }: Venue, signer = wallet, more: Record<string, unknown> = {}, text = messageOf) {
    const nonce = (await ask("/wallet-nonce", { body: { walletAddress: signer.address } })).text;
    const signature = base58(signer.sign(Buffer.from(text(nonce))));
    const body = { walletAddress: signer.address, nonce, signature, allowLinking: false, allowRegistration: false };
    return ask("/verify-wallet-v2", { body: { ...body, ...more } });
  }

  test("logs its user in", async () => {
    const local = await setUp({ users });
    const answer = await signIn(local);
    expect(answer.status).toBe(200);
    expect(answer.body.user.email).toBe(email);
    expect(Object.keys(answer.cookies)).toEqual(["auth-access-token", "auth-refresh-token"]);
  });

  test("comes over a nonce that is plain text and good once", async () => {
    const local = await setUp({ users });
    const given = await local.ask("/wallet-nonce", { body: { walletAddress: wallet.address } });
    expect(given.headers.get("content-type")).toMatch(/^text\/plain/);
    const signature = base58(wallet.sign(Buffer.from(messageOf(given.text))));
    const body = { walletAddress: wallet.address, nonce: given.text, signature };
    expect((await local.ask("/verify-wallet-v2", { body })).status).toBe(200);
    expect(await local.ask("/verify-wallet-v2", { body })).toMatchObject({
      body: { error: "Invalid or expired nonce" },
    });
  });

  test("must be over just that message, by just that wallet", async () => {
    const local = await setUp({ users });
    const refusal = { status: 400, body: { error: "Invalid signature" } };
    expect(await signIn(local, wallet, {}, (nonce) => messageOf(nonce).replace("\n\n", "\n"))).toMatchObject(refusal);
    const other = createWallet();
    const disguised = { ...other, address: wallet.address };
    expect(await signIn(local, disguised)).toMatchObject(refusal);
    expect(await signIn(local, wallet, { signature: "0OIl" })).toMatchObject(refusal);
  });

  test("is too late after five minutes", async () => {
    const local = await setUp({ users });
    const nonce = (await local.ask("/wallet-nonce", { body: { walletAddress: wallet.address } })).text;
    local.clock.advance({ ms: 300_000 });
    const signature = base58(wallet.sign(Buffer.from(messageOf(nonce))));
    const body = { walletAddress: wallet.address, nonce, signature };
    expect(await local.ask("/verify-wallet-v2", { body })).toMatchObject({
      body: { error: "Invalid or expired nonce" },
    });
  });

  test("registers a wallet nobody has, where that is allowed and asked for", async () => {
    const local = await setUp({ users });
    const stranger = createWallet();
    expect((await signIn(local, stranger)).status).toBe(403);
    const answer = await signIn(local, stranger, { allowRegistration: true });
    expect(answer.status).toBe(200);
    expect((await signIn(local, stranger)).body.userId).toBe(answer.body.userId);
  });

  test("registers nobody, in the venue's words, where that is switched off", async () => {
    const local = await setUp({ users, registration: false });
    const error = "Too many signup requests from your region today, you can still use login";
    expect((await signIn(local, createWallet(), { allowRegistration: true })).body).toEqual({ error });
    expect((await signIn(local, wallet, { allowRegistration: true })).status).toBe(200);
  });
});

// Written once more, so that the venue's own is not checked by itself.
function base58(bytes: Uint8Array): string {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  let value = BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);
  let text = "";
  for (; value > 0n; value /= 58n) text = alphabet[Number(value % 58n)] + text;
  return "1".repeat([...bytes].findIndex((byte) => byte !== 0)) + text;
}
