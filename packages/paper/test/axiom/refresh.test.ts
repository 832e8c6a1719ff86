import { describe, expect, test } from "vitest";
import { setUp } from "./local-venue.ts";

const ROUTE = "/refresh-access-token";

const refreshCookie = (token: string) => `auth-refresh-token=${token}`;
const accessCookie = (token: string) => `auth-access-token=${token}`;

describe("a refresh", () => {
  test.each([
    ["no body", undefined, ROUTE],
    ["{}", {}, ROUTE],
    ["v", { v: 1 }, ROUTE],
    ["the other path", {}, "/auth/refresh"],
    ["the root api", {}, `/api${ROUTE}`],
  ])("with %s answers the venue's text and a new access token", async (_, body, path) => {
    const { ask, session, clock } = await setUp();
    clock.advance({ ms: 5000 });
    const answer = await ask(path, { method: "POST", body, cookie: refreshCookie(session.refreshToken) });
    expect(answer).toMatchObject({ status: 200, body: "Access token refreshed!" });
    expect(Object.keys(answer.cookies)).toEqual(["auth-access-token"]);
    const renewed = answer.cookies["auth-access-token"]!;
    expect(renewed).not.toBe(session.accessToken);
    expect((await ask("/get-settings", { cookie: accessCookie(renewed) })).status).toBe(200);
  });

  test("keeps the refresh token good, as often as it comes", async () => {
    const { ask, session } = await setUp();
    for (let i = 0; i < 3; i++) {
      expect((await ask(ROUTE, { method: "POST", cookie: refreshCookie(session.refreshToken) })).status).toBe(200);
    }
  });

  test("gives a new refresh token where that is switched on, and the old one is dead", async () => {
    const { ask, session } = await setUp({ rotatesRefreshTokens: true });
    const answer = await ask(ROUTE, { method: "POST", cookie: refreshCookie(session.refreshToken) });
    const rotated = answer.cookies["auth-refresh-token"]!;
    expect(rotated).not.toBe(session.refreshToken);
    expect((await ask(ROUTE, { method: "POST", cookie: refreshCookie(session.refreshToken) })).status).toBe(401);
    expect((await ask(ROUTE, { method: "POST", cookie: refreshCookie(rotated) })).status).toBe(200);
  });

  test("is refused with 401 without a token, or with one that is none", async () => {
    const { ask, session } = await setUp();
    for (const cookie of [
      "",
      refreshCookie("x.y.z"),
      refreshCookie(session.accessToken),
      accessCookie(session.refreshToken),
    ]) {
      expect(await ask(ROUTE, { method: "POST", cookie })).toMatchObject({
        status: 401,
        body: { error: "Invalid refresh token" },
      });
    }
  });
});

describe("an access token", () => {
  test("is good for 960 seconds", async () => {
    const { ask, session, clock } = await setUp();
    clock.advance({ ms: 959_999 });
    expect((await ask("/get-settings", { cookie: session.cookie })).status).toBe(200);
    clock.advance({ ms: 1 });
    expect(await ask("/get-settings", { cookie: session.cookie })).toMatchObject({
      status: 401,
      body: { error: "Unauthorized" },
    });
  });

  test("is not taken from an Authorization header", async () => {
    const { places, session } = await setUp();
    const headers = { authorization: `Bearer ${session.accessToken}` };
    expect((await fetch(`http://${places[0]}/get-settings`, { headers })).status).toBe(401);
  });

  test("that was changed, or signed by nobody, is worth nothing", async () => {
    const { ask, session } = await setUp();
    const [head, claims, signature] = session.accessToken.split(".") as [string, string, string];
    const longer = JSON.parse(Buffer.from(claims, "base64url").toString());
    longer.exp += 1e6;
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
    const forged = [
      `${head}.${Buffer.from(JSON.stringify(longer)).toString("base64url")}.${signature}`,
      `${none}.${claims}.`,
      `${head}.${claims}.${signature.slice(0, -2)}`,
      session.refreshToken,
    ];
    for (const token of forged) expect((await ask("/get-settings", { cookie: accessCookie(token) })).status).toBe(401);
  });

  test("dies with all others when they are expired; the refresh token lives on", async () => {
    const { ask, session, venue } = await setUp();
    venue.expireTokens();
    expect((await ask("/get-settings", { cookie: session.cookie })).status).toBe(401);
    const { cookies } = await ask(ROUTE, { method: "POST", cookie: session.cookie });
    const renewed = accessCookie(cookies["auth-access-token"]!);
    expect((await ask("/get-settings", { cookie: renewed })).status).toBe(200);
  });

  test("and its refresh token die when the sessions are ended", async () => {
    const { ask, session, venue } = await setUp();
    venue.endSessions();
    expect((await ask("/get-settings", { cookie: session.cookie })).status).toBe(401);
    expect((await ask(ROUTE, { method: "POST", cookie: session.cookie })).status).toBe(401);
  });

  test("is needed on /clipboard-pair-info too, which answers 502 without", async () => {
    const { ask } = await setUp();
    expect(await ask("/clipboard-pair-info?address=x")).toMatchObject({
      status: 502,
      body: { error: "Session invalid, please login again" },
    });
  });
});
