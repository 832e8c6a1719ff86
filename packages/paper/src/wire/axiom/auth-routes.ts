import { isAddress } from "../../models/axiom-base58.ts";
import { CHALLENGE_COOKIE, REFRESH_COOKIE, setCookie, tokenCookies } from "./cookies.ts";
import { refuse } from "./refusal.ts";
import { type Call, open, Reply, type Route, text } from "./route.ts";
import type { Tokens } from "./sessions.ts";
import type { User } from "./users.ts";
import type { AxiomVenue } from "./venue.ts";
import { isWalletSignature } from "./wallet-login.ts";

const HASH_LENGTH = 44; // 32 bytes in padded base64

/**
 * Logins by password and mail code and by wallet, and the refresh of tokens.
 *
 * A wrong password is answered with 500, as the venue does. Codes, nonces and Turnstile tokens are judged as far as is known of them;
 * any text will do as a Turnstile token.
 */
export function authRoutes(venue: AxiomVenue): Route[] {
  const { users, sessions, codes, nonces } = venue;
  const { tokensIn, cookieDomain, registration } = venue.options;

  const checkTurnstile = ({ body, demandsTurnstile }: Call) => {
    const token = body["turnstileToken"];
    if (demandsTurnstile && (typeof token !== "string" || token === "")) throw refuse.noTurnstile();
  };
  const cookiesOf = (tokens: Tokens) => (tokensIn === "json" ? [] : tokenCookies(tokens, cookieDomain));
  const isInJson = tokensIn !== "cookies";

  const loggedIn = (user: User) => {
    const tokens = sessions.open(user.id);
    const body = {
      ...(isInJson ? tokens : {}),
      userId: user.id,
      orgId: user.id,
      clientSecret: user.bundleKey,
      user: { id: user.id, email: user.email },
    };
    return new Reply(body, { cookies: cookiesOf(tokens) });
  };

  const passwordLogin = async (call: Call) => {
    checkTurnstile(call);
    const email = text(call, "email");
    const hash = text(call, "b64Password");
    const user = users.byEmail(email);
    if (hash.length !== HASH_LENGTH || user === undefined || !(await users.isPassword(user, hash))) {
      throw refuse.badLogin();
    }
    const otpJwtToken = codes.send(user.email);
    const cookies = tokensIn === "json" ? [] : [setCookie(CHALLENGE_COOKIE, otpJwtToken, cookieDomain)];
    return new Reply(isInJson ? { otpJwtToken } : {}, { cookies });
  };

  // `b64Password` is left out by one client, so it is looked at only when it is there.
  const codeLogin = async (call: Call) => {
    const user = users.byEmail(text(call, "email"));
    const code = text(call, "code");
    if (user === undefined) throw refuse.badCode();
    const hash = call.body["b64Password"];
    if (hash !== undefined && (typeof hash !== "string" || !(await users.isPassword(user, hash))))
      throw refuse.badLogin();
    if (!codes.redeem(call.cookie(CHALLENGE_COOKIE) ?? "", user.email, code)) throw refuse.badCode();
    return loggedIn(user);
  };

  const walletNonce = (call: Call) => {
    const wallet = text(call, "walletAddress");
    if (!isAddress(wallet)) throw refuse.malformed("walletAddress must be the base58 of 32 bytes");
    return new Reply(nonces.give(wallet), { isPlain: true });
  };

  const walletLogin = (call: Call) => {
    checkTurnstile(call);
    const wallet = text(call, "walletAddress");
    const nonce = text(call, "nonce");
    const signature = text(call, "signature");
    if (!nonces.redeem(nonce, wallet)) throw refuse.badNonce();
    if (!isWalletSignature(wallet, nonce, signature)) throw refuse.badSignature();
    const known = users.byWallet(wallet);
    if (known !== undefined) return loggedIn(known);
    if (call.body["allowRegistration"] !== true) throw refuse.unknownWallet();
    const user = registration ? users.register(wallet, call.nowMs) : undefined;
    if (user === undefined) throw refuse.noRegistration();
    return loggedIn(user);
  };

  const refresh = (call: Call) => {
    const tokens = sessions.refresh(call.cookie(REFRESH_COOKIE) ?? "");
    if (tokens === undefined) throw refuse.deadRefreshToken();
    const [access, refreshed] = tokenCookies(tokens, cookieDomain) as [string, string];
    // The venue's body is this text; JSON tokens are what one client looks for besides the cookie.
    if (tokensIn === "json") return tokens;
    const cookies = tokens.refreshToken === call.cookie(REFRESH_COOKIE) ? [access] : [access, refreshed];
    return new Reply("Access token refreshed!", { cookies });
  };

  return [
    open("POST /login-password-v2", passwordLogin),
    open("POST /login-otp", codeLogin),
    open("POST /wallet-nonce", walletNonce),
    open("POST /verify-wallet-v2", walletLogin),
    open("POST /refresh-access-token", refresh),
    open("POST /auth/refresh", refresh),
  ];
}
