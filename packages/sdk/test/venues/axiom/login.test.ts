import { generateKeyPairSync, sign } from "node:crypto";
import { InvalidInputError } from "@pitlane/perf";
import { base58 } from "@scure/base";
import { describe, expect, onTestFinished, test } from "vitest";
import { AuthError, ProtocolError } from "../../../src/errors.ts";
import { SessionLostError } from "../../../src/session/errors.ts";
import { type AxiomOptions, createAxiom, TurnstileRequiredError } from "../../../src/venues/axiom/index.ts";
import { loginMessage } from "../../../src/venues/axiom/login.ts";
import { hashPassword } from "../../../src/venues/axiom/password.ts";
import { rejectionOf } from "../../support/rejection.ts";
import { MINT } from "./examples.ts";
import { authCookies, fakeAxiom, token } from "./fake-axiom.ts";
import { setUpVenue } from "./paper-axiom.ts";

const EMAIL = "somebody@example.org";
const PASSWORD = "Tr0ub4dor&3";

function client(options: AxiomOptions) {
  const axiom = createAxiom(options);
  onTestFinished(() => axiom.close());
  return axiom;
}

test.each([
  ["test_password", "ZKZC8pJzit6jtqpSoWpy62UknqgJhXeK6RZIzjSPssk="],
  ["password", "WJeL+BqR7FG4Zftaxtk2ze3sRjzd//1IqheqPZCZVaA="],
  ["Tr0ub4dor&3", "jKSd/fSTKThC/LvTGOSN781jOb/3lSQ28DiMUbcr0Hs="],
  ["pässwörd", "P8b5XyjdkkXtcEsTU53aPzbid7cfxCDK9b9e75CyaqU="],
  ["", "TkFtd2u0aAsrndvG81gm57OeBbesQuSYADPuFNzEYsQ="],
])("the password %j is sent as the site sends it", async (password, hash) => {
  expect(await hashPassword(password)).toBe(hash);
});

describe("a login by password and mail code", () => {
  async function setUp(venueOptions: Parameters<typeof setUpVenue>[0] = {}, password = PASSWORD) {
    const parts = await setUpVenue({ users: [{ email: EMAIL, password: PASSWORD }], ...venueOptions });
    const codes: string[] = [];
    const onOtp = async () => {
      codes.push(parts.venue.mails.at(-1)?.code ?? "");
      return codes.at(-1) as string;
    };
    return { ...parts, codes, axiom: client({ urls: parts.urls, credentials: { email: EMAIL, password, onOtp } }) };
  }

  test.each(["both", "cookies", "json"] as const)("works with tokens in %s of the answer", async (tokensIn) => {
    const { axiom, codes } = await setUp({ tokensIn });
    expect(await axiom.market.getOnlineUsers()).toBeGreaterThan(0);
    expect(codes).toHaveLength(1);
    const info = axiom.session.getInfo();
    expect(info.status).toBe("active");
    expect(info.userId).toMatch(/^[0-9a-f-]{36}$/);
    expect(((info.expiresAtUs ?? 0) - Date.now() * 1000) / 1e6).toBeGreaterThan(900);
  });

  test("is asked for once by calls that come together", async () => {
    const { axiom, codes } = await setUp();
    await Promise.all(Array.from({ length: 20 }, () => axiom.market.getOnlineUsers()));
    expect(codes).toHaveLength(1);
  });

  test("with a wrong password is refused, though the venue says so with a 500", async () => {
    const { axiom, codes } = await setUp({}, "wrong-password");
    const error = await rejectionOf(axiom.session.login());
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({ outcome: "refused", retryable: false, venueText: "Invalid email or password" });
    expect(codes).toHaveLength(0);
    // Accounts get locked: nobody tries again by himself.
    expect(await rejectionOf(axiom.market.getOnlineUsers())).toBeInstanceOf(SessionLostError);
  });

  test("where the venue demands a Turnstile token says what to do instead", async () => {
    const { axiom } = await setUp({ turnstile: true });
    const error = await rejectionOf(axiom.session.login());
    expect(error).toBeInstanceOf(TurnstileRequiredError);
    expect(error).toMatchObject({ code: "TURNSTILE_REQUIRED", outcome: "refused" });
    expect(error.message).toContain("supply its cookies auth-access-token and auth-refresh-token");
    for (const call of [axiom.session.ensure(), axiom.market.getOnlineUsers()]) {
      const lost = await rejectionOf(call);
      expect(lost).toMatchObject({ code: "SESSION_LOST", cause: { code: "TURNSTILE_REQUIRED" } });
    }
  });

  test("without onOtp is an error before any I/O", () => {
    const credentials = { email: EMAIL, password: PASSWORD } as never;
    expect(() => createAxiom({ credentials })).toThrow(InvalidInputError);
    expect(() => createAxiom({ credentials })).toThrow("onOtp must be a function");
  });
});

test("a challenge in the cookie alone is taken to the second step", async () => {
  const fake = await fakeAxiom({
    answer: ({ path }) => {
      if (path === "/login-password-v2")
        return { json: {}, headers: { "set-cookie": "auth-otp-login-token=challenge; Path=/" } };
      if (path === "/login-otp")
        return { json: {}, headers: { "set-cookie": authCookies(token("u", 960), "refresh") } };
      return { json: { count: 7 } };
    },
  });
  const onOtp = async () => " 123456 ";
  const axiom = client({ urls: fake.urls, credentials: { email: EMAIL, password: "password", onOtp } });
  expect(await axiom.market.getOnlineUsers()).toBe(7);
  const b64Password = "WJeL+BqR7FG4Zftaxtk2ze3sRjzd//1IqheqPZCZVaA=";
  expect(fake.of("/login-password-v2").map(({ body }) => body)).toEqual([{ email: EMAIL, b64Password }]);
  expect(fake.of("/login-otp").map(({ body }) => body)).toEqual([{ code: "123456", email: EMAIL, b64Password }]);
  expect(fake.of("/login-otp")[0]?.headers.cookie).toBe("auth-otp-login-token=challenge");
});

test("a login that brings no token is a protocol error", async () => {
  const fake = await fakeAxiom({
    answer: ({ path }) => ({ json: path === "/login-password-v2" ? { otpJwtToken: "challenge" } : { userId: "u" } }),
  });
  const axiom = client({ urls: fake.urls, credentials: { email: EMAIL, password: "x", onOtp: async () => "123456" } });
  const error = await rejectionOf(axiom.session.login());
  expect(error).toBeInstanceOf(ProtocolError);
  expect(error.message).toBe("/login-otp: there is no access token in the answer");
});

describe("a login by wallet", () => {
  const wallet = () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const walletAddress = base58.encode(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
    return { walletAddress, sign: (message: Uint8Array) => sign(null, message, privateKey) };
  };

  test("signs exactly the site's two lines", () => {
    expect(new TextDecoder().decode(loginMessage("abc 123"))).toBe(
      "By signing, you agree to Axiom's Terms of Use & Privacy Policy (axiom.trade/legal).\n\nNonce: abc 123",
    );
  });

  test("is accepted, with registration where that is asked for", async () => {
    const { urls } = await setUpVenue();
    const axiom = client({ urls, credentials: { ...wallet(), allowRegistration: true } });
    expect(await axiom.market.getOnlineUsers()).toBeGreaterThan(0);
  });

  test("is refused in the venue's words when the wallet is not known", async () => {
    const { urls } = await setUpVenue({ registration: false });
    const axiom = client({ urls, credentials: { ...wallet(), allowRegistration: true } });
    const error = await rejectionOf(axiom.session.login());
    expect(error).toMatchObject({ outcome: "refused" });
    expect(error.message).toContain("Too many signup requests from your region today");
  });

  test("takes its Turnstile token along", async () => {
    const { urls } = await setUpVenue({ turnstile: true });
    const credentials = { ...wallet(), allowRegistration: true };
    expect(await rejectionOf(client({ urls, credentials }).session.login())).toBeInstanceOf(TurnstileRequiredError);
    const turnstileToken = async () => "turnstile-token";
    const axiom = client({ urls, credentials: { ...credentials, turnstileToken } });
    expect(await axiom.market.getOnlineUsers()).toBeGreaterThan(0);
  });

  test("sends nothing when what signs gives no signature", async () => {
    const fake = await fakeAxiom({ answer: () => ({ text: "nonce" }) });
    const axiom = client({ urls: fake.urls, credentials: { walletAddress: MINT, sign: () => new Uint8Array(63) } });
    expect(await rejectionOf(axiom.session.login())).toBeInstanceOf(InvalidInputError);
    expect(fake.paths()).toEqual(["/wallet-nonce"]);
  });

  test("signs no nonce of several lines: they could say anything", async () => {
    const fake = await fakeAxiom({ answer: () => ({ text: "nonce\n\nand all your coins" }) });
    const signed: Uint8Array[] = [];
    const keep = (message: Uint8Array) => {
      signed.push(message);
      return new Uint8Array(64);
    };
    const axiom = client({ urls: fake.urls, credentials: { walletAddress: MINT, sign: keep } });
    expect(await rejectionOf(axiom.session.login())).toBeInstanceOf(ProtocolError);
    expect(signed).toEqual([]);
  });

  test("with an address that is none is an error before any I/O", () => {
    const sign = () => new Uint8Array(64);
    for (const walletAddress of ["", "O0Il", `${MINT}1`, "0x52908400098527886E0F7030069857D2E4169EE7"]) {
      expect(() => createAxiom({ credentials: { walletAddress, sign } })).toThrow(
        "credentials.walletAddress must be a Solana address",
      );
    }
  });
});
