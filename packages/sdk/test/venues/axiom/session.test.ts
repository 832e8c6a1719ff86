import { DEMO_AXIOM_EMAIL } from "@pitlane/paper";
import { describe, expect, onTestFinished, test } from "vitest";
import { AuthError, RateLimitError, TimeoutError } from "../../../src/errors.ts";
import { SessionLostError } from "../../../src/session/errors.ts";
import { memoryStore } from "../../../src/session/store.ts";
import { CallAbortedError } from "../../../src/transport/errors.ts";
import { type AxiomOptions, type AxiomSession, type AxiomUrls, createAxiom } from "../../../src/venues/axiom/index.ts";
import { rejectionOf } from "../../support/rejection.ts";
import { authCookies, type FakeAnswer, fakeAxiom, token, until } from "./fake-axiom.ts";
import { setUp as setUpPaper, setUpVenue } from "./paper-axiom.ts";

const REFRESH = "/refresh-access-token";

function client(options: AxiomOptions) {
  const axiom = createAxiom(options);
  onTestFinished(() => axiom.close());
  return axiom;
}

/** A host that answers refreshes as it is told, and every other call by a count. */
function host(refresh: (count: number, cookie: string) => FakeAnswer) {
  return fakeAxiom({
    answer: ({ path, headers }, count) =>
      path === REFRESH ? refresh(count, headers.cookie ?? "") : { json: { count: 7, serverTime: 1 } },
  });
}

const renewed = (serial = 1, refresh?: string): FakeAnswer => ({
  json: "Access token refreshed!",
  headers: { "set-cookie": authCookies(token("user", 960, serial), refresh) },
});

const hosts = (...fakes: { readonly urls: AxiomUrls }[]): AxiomUrls => ({
  ...fakes[0]!.urls,
  rest: fakes.map(({ urls }) => urls.rest[0] as string),
});

describe("a session of tokens from a browser", () => {
  test("is taken from a Cookie header, other cookies included", async () => {
    const fake = await host(() => undefined);
    const access = token("user", 960);
    const cookies = `auth-access-token=${access}; cf_clearance=clear; auth-refresh-token=refresh`;
    const axiom = client({ urls: fake.urls, session: { cookies }, userAgent: "Browser/1" });
    expect(await axiom.market.getOnlineUsers()).toBe(7);
    const headers = fake.of("/online-users-count")[0]?.headers;
    expect(headers?.cookie).toBe(`cf_clearance=clear; auth-access-token=${access}; auth-refresh-token=refresh`);
    expect(headers).toMatchObject({ "user-agent": "Browser/1", origin: "https://axiom.trade" });
    expect(axiom.session.getInfo()).toMatchObject({ status: "active", userId: "user" });
  });

  test("needs no access token: the refresh token brings one", async () => {
    const fake = await host((_, cookie) =>
      cookie === "cf_clearance=clear; auth-refresh-token=refresh" ? renewed() : undefined,
    );
    const axiom = client({ urls: fake.urls, session: { refreshToken: "refresh", cookies: { cf_clearance: "clear" } } });
    expect(await axiom.market.getOnlineUsers()).toBe(7);
    expect(fake.of(REFRESH)).toHaveLength(1);
  });

  test("that has ended is renewed before the first call", async () => {
    const fake = await host(() => renewed());
    const axiom = client({ urls: fake.urls, session: { accessToken: token("user", -5), refreshToken: "refresh" } });
    expect(await axiom.market.getOnlineUsers()).toBe(7);
    expect(fake.paths()).toEqual([REFRESH, "/online-users-count"]);
  });

  test("is refused before any I/O when there is nothing in it", () => {
    expect(() => createAxiom({ session: {} })).toThrow(
      "session must have an accessToken, a refreshToken, or cookies with",
    );
    expect(() => createAxiom({ session: { cookies: "cf_clearance=x" } })).toThrow("session must have an accessToken");
    expect(() => createAxiom({ session: { accessToken: "no-jwt" } })).toThrow("accessToken is not a JSON Web Token");
  });

  test("without one, calls fail before any I/O; the venue's time needs none", async () => {
    const fake = await host(() => undefined);
    const axiom = client({ urls: fake.urls });
    expect((await rejectionOf(axiom.market.getOnlineUsers())).message).toContain("there is no session");
    expect(fake.requests).toEqual([]);
    expect(await axiom.market.getServerTimeUs()).toBe(1000);
    expect(fake.of("/server-time")[0]?.headers.cookie).toBeUndefined();
  });
});

describe("what is said where a call finds no session that lives, and what to do", () => {
  const remedy =
    "give createAxiom a `session`, `credentials`, or a `sessionStore` that holds one; a client that runs takes one up by `session.use`";
  const said = async (options: AxiomOptions) => {
    const fake = await host(() => ({ status: 401, json: { error: "dead" } }));
    const error = await rejectionOf(client({ urls: fake.urls, ...options }).market.getOnlineUsers());
    return [
      error.message,
      error.cause instanceof Error ? error.cause.constructor.name : undefined,
      fake.of(REFRESH).length,
    ];
  };

  test("nothing was given", async () => {
    expect(await said({})).toEqual([`there is no session: ${remedy}`, undefined, 0]);
  });

  test("the refresh token is dead, alone or with an access token that has ended", async () => {
    const dead = [`the session is lost: its refresh was refused, and there is no login: ${remedy}`, "AuthError", 1];
    expect(await said({ session: { refreshToken: "dead" } })).toEqual(dead);
    expect(await said({ session: { refreshToken: "dead", accessToken: token("user", -5) } })).toEqual(dead);
  });

  test("an access token alone has ended: nobody was asked", async () => {
    expect(await said({ session: { accessToken: token("user", -5) } })).toEqual([
      `the session is lost: it has no refreshToken, and there is no login: ${remedy}`,
      "InvalidInputError",
      0,
    ]);
  });

  test("a dead refresh token leads to the login where there is one", async () => {
    const { urls } = await setUpVenue();
    const credentials = { email: DEMO_AXIOM_EMAIL, password: "wrong-password", onOtp: async () => "000000" };
    const axiom = client({ urls, session: { refreshToken: "dead" }, credentials });
    const error = await rejectionOf(axiom.market.getOnlineUsers());
    expect(error.message).toBe("the session is lost: the login failed");
    expect((error.cause as Error).message).toContain("/login-password-v2");
  });
});

describe("an access token that ends", () => {
  test("is renewed once for a hundred calls at once, which then all go out with the new one", async () => {
    const fake = await host(() => renewed());
    const session = { accessToken: token("user", -5), refreshToken: "refresh" };
    const axiom = client({ urls: fake.urls, session, limit: { requests: 1_000 } });
    await Promise.all(Array.from({ length: 100 }, () => axiom.market.getOnlineUsers()));
    expect(fake.of(REFRESH)).toHaveLength(1);
    const cookies = new Set(fake.of("/online-users-count").map(({ headers }) => headers.cookie));
    expect(cookies.size).toBe(1);
    expect([...cookies][0]).not.toContain(session.accessToken);
  });

  test("is renewed once for a hundred calls that the venue refuses at once", async () => {
    const { axiom, venue } = await setUpPaper({}, { limit: { requests: 1_000 } });
    let refreshes = 0;
    axiom.events.on("sessionRefreshed", () => refreshes++);
    venue.expireTokens();
    const counts = await Promise.all(Array.from({ length: 100 }, () => axiom.market.getOnlineUsers()));
    expect(counts.every((count) => count > 0)).toBe(true);
    expect(refreshes).toBe(1);
  });

  test("has no end that anybody knows from when the venue has refused it until it is renewed", async () => {
    const fake = await fakeAxiom({
      answer: ({ path }, count) =>
        path === REFRESH
          ? { status: 503 }
          : count === 1
            ? { status: 401, json: { error: "expired" } }
            : { json: { count: 7 } },
    });
    const axiom = client({ urls: fake.urls, session: { accessToken: token("user", 960), refreshToken: "refresh" } });
    expect(axiom.session.getInfo().expiresAtUs).toBeGreaterThan(Date.now() * 1000);
    await rejectionOf(axiom.market.getOnlineUsers({ retries: 0 }));
    expect(axiom.session.getInfo()).toEqual({ status: "expired", userId: undefined, expiresAtUs: undefined });
    await axiom.session.use({ accessToken: token("user", 960, 2), refreshToken: "refresh" });
    expect(axiom.session.getInfo()).toMatchObject({ status: "active", expiresAtUs: expect.any(Number) });
  });

  test("is renewed ahead of its end without making a call wait", async () => {
    const fake = await host(() => undefined); // the refresh is never answered
    const accessToken = token("user", 60, 0, 900);
    const axiom = client({ urls: fake.urls, session: { accessToken, refreshToken: "refresh" } });
    expect(await axiom.market.getOnlineUsers()).toBe(7);
    await until(() => fake.of(REFRESH).length === 1);
    expect(await axiom.market.getOnlineUsers()).toBe(7);
    expect(fake.of("/online-users-count").map(({ headers }) => headers.cookie?.includes(accessToken))).toEqual([
      true,
      true,
    ]);
    expect(fake.of(REFRESH)).toHaveLength(1);
  });

  test("is renewed when the venue refuses it, and the call goes out again", async () => {
    const { axiom, venue } = await setUpPaper();
    await axiom.market.getOnlineUsers();
    venue.expireTokens();
    expect(await axiom.market.getOnlineUsers()).toBeGreaterThan(0);
  });

  test("a rotated refresh token is used from then on, and saved", async () => {
    const store = memoryStore<AxiomSession>();
    const { axiom, venue } = await setUpPaper({ rotatesRefreshTokens: true }, { sessionStore: store });
    const before = await axiom.session.refresh();
    const first = (await store.load())?.refreshToken;
    await axiom.session.refresh();
    const second = (await store.load())?.refreshToken;
    expect(first).toBeDefined();
    expect(second).not.toBe(first);
    venue.expireTokens();
    expect(await axiom.market.getOnlineUsers()).toBeGreaterThan(0);
    expect(axiom.session.getInfo().userId).toBe(before.userId);
  });

  test("whose refresh token is dead too leaves the session lost, which is told", async () => {
    const { axiom, venue } = await setUpPaper();
    const lost: Error[] = [];
    axiom.events.on("sessionLost", ({ error }) => lost.push(error));
    venue.endSessions();
    const error = await rejectionOf(axiom.market.getOnlineUsers());
    expect(error).toBeInstanceOf(SessionLostError);
    expect(error).toMatchObject({ outcome: "refused" });
    expect(error.cause).toBeInstanceOf(AuthError);
    expect(lost).toHaveLength(1);
    const { accessToken, refreshToken } = venue.openSession();
    await axiom.session.use({ accessToken, refreshToken });
    expect(await axiom.market.getOnlineUsers()).toBeGreaterThan(0);
  });
});

describe("a refresh", () => {
  const ended = { accessToken: token("user", -5), refreshToken: "refresh" };

  test.each([526, 404, 425, 418, 500, 503])("that a host answers with %i is asked of another one", async (status) => {
    const bad = await host(() => ({ status, text: "<html>no</html>" }));
    const good = await host(() => renewed());
    const axiom = client({ urls: hosts(bad, good), session: ended });
    expect(await axiom.market.getOnlineUsers()).toBe(7);
    expect([bad.of(REFRESH).length, good.of(REFRESH).length]).toEqual([1, 1]);
  });

  test("that a host does not answer is asked of another one", async () => {
    const bad = await host(() => "reset");
    const good = await host(() => renewed());
    const axiom = client({ urls: hosts(bad, good), session: ended });
    expect(await axiom.market.getOnlineUsers()).toBe(7);
  });

  test("that is refused is not asked of another host: the token is dead", async () => {
    const bad = await host(() => ({ status: 401, json: { error: "Unauthorized" } }));
    const other = await host(() => renewed());
    const axiom = client({ urls: hosts(bad, other), session: ended });
    expect(await rejectionOf(axiom.market.getOnlineUsers())).toBeInstanceOf(SessionLostError);
    expect(other.of(REFRESH)).toEqual([]);
  });

  test("that is throttled is not asked of another host", async () => {
    const bad = await host(() => ({
      status: 429,
      json: { error: "Too many requests" },
      headers: { "retry-after": "40" },
    }));
    const other = await host(() => renewed());
    const axiom = client({ urls: hosts(bad, other), session: ended });
    const error = await rejectionOf(axiom.market.getOnlineUsers());
    expect(error).toMatchObject({
      code: "SESSION_UNAVAILABLE",
      outcome: "unsent",
      retryAfterMs: expect.closeTo(40_000, -4),
    });
    expect(error.cause).toBeInstanceOf(RateLimitError);
    expect([bad.of(REFRESH).length, other.of(REFRESH).length]).toEqual([1, 0]);
  });

  test("is tried at four hosts at most", async () => {
    const bad = await Promise.all(Array.from({ length: 6 }, () => host(() => ({ status: 500, text: "no" }))));
    const axiom = client({ urls: hosts(...bad), session: ended, refreshAheadMs: 0 });
    const first = new Promise<number>((resolve) => {
      axiom.events.once("retried", () => resolve(bad.reduce((sum, fake) => sum + fake.of(REFRESH).length, 0)));
    });
    await rejectionOf(axiom.market.getOnlineUsers());
    expect((await first) % 4).toBe(0);
  });

  test("brings the cookies of the gateway along, beside the new token", async () => {
    const fake = await host(() => ({
      json: "Access token refreshed!",
      headers: { "set-cookie": [...authCookies(token("user", 960)), "__cf_bm=bot; Max-Age=1800"] },
    }));
    const axiom = client({ urls: fake.urls, session: ended });
    await axiom.market.getOnlineUsers();
    expect(fake.of("/online-users-count")[0]?.headers.cookie).toMatch(
      /^__cf_bm=bot; auth-access-token=.*; auth-refresh-token=refresh$/,
    );
  });
});

test("a session is forgotten here and in the store", async () => {
  const store = memoryStore<AxiomSession>();
  const { axiom } = await setUpPaper({}, { sessionStore: store });
  await axiom.session.refresh();
  expect(await store.load()).toBeDefined();
  await axiom.session.clear();
  expect(await store.load()).toBeUndefined();
  expect(axiom.session.getInfo()).toEqual({ status: "none", userId: undefined, expiresAtUs: undefined });
});

describe("a call about the session", () => {
  const waits = {
    ensure: "unsent",
    login: "unknown",
    refresh: "unknown",
  } as const;

  for (const [name, outcome] of Object.entries(waits) as [keyof typeof waits, string][]) {
    test(`${name} ends when its time is over, and what it began goes on`, async () => {
      let typed: () => void = () => {};
      const isTyped = new Promise<void>((resolve) => {
        typed = resolve;
      });
      const user = { email: "a@example.org", password: "planted" };
      const { urls, venue, faults } = await setUpVenue({ users: [user] });
      const onOtp = async () => {
        await isTyped;
        return venue.mails.at(-1)?.code as string;
      };
      const tokens = name === "refresh" ? { session: venue.openSession() } : { credentials: { ...user, onOtp } };
      const axiom = client({ urls, ...tokens });
      if (name === "refresh") faults.add({ kind: "delay", ms: 200, count: 1, route: `POST ${REFRESH}` });
      const error = await rejectionOf(axiom.session[name]({ timeoutMs: 50 }));
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ outcome, message: expect.stringContaining(`session.${name} had no time left`) });
      typed();
      expect(await axiom.session.ensure()).toMatchObject({ userId: expect.any(String) });
    });
  }

  test("refuses a time limit that is none", async () => {
    const { axiom } = await setUpPaper();
    expect(await rejectionOf(axiom.session.ensure({ timeoutMs: 0 }))).toMatchObject({ code: "INVALID_INPUT" });
  });

  test("rejects with the signal's reason", async () => {
    const { axiom } = await setUpPaper();
    const reason = new Error("enough");
    for (const name of ["ensure", "login", "refresh"] as const) {
      expect(await rejectionOf(axiom.session[name]({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    }
  });

  test("is refused once the client is closed, and one that waits ends then", async () => {
    const fake = await host(() => undefined);
    const axiom = client({ urls: fake.urls, session: { accessToken: token("user", -5), refreshToken: "refresh" } });
    const waiting = rejectionOf(axiom.session.ensure());
    await until(() => fake.of(REFRESH).length === 1);
    await axiom.close();
    const { ensure, login, refresh, use, clear } = axiom.session;
    const later = [ensure(), login(), refresh(), use({ accessToken: token("user", 900) }), clear()];
    for (const error of [await waiting, ...(await Promise.all(later.map(rejectionOf)))]) {
      expect(error).toBeInstanceOf(CallAbortedError);
      expect(error).toMatchObject({ outcome: "unsent", retryable: false });
    }
  });
});

test("a stored session is taken up by the next client", async () => {
  const store = memoryStore<AxiomSession>();
  const { axiom, urls } = await setUpPaper({}, { sessionStore: store });
  const { userId } = await axiom.session.refresh();
  await axiom.close();
  const next = client({ urls, sessionStore: store });
  expect(await next.market.getOnlineUsers()).toBeGreaterThan(0);
  expect(next.session.getInfo().userId).toBe(userId);
});

test("a missing session that the venue tells by a 502 is renewed like any other", async () => {
  const access = token("user", 960, 1);
  const fake = await fakeAxiom({
    answer: ({ path, headers }) => {
      if (path === REFRESH) return { json: "Access token refreshed!", headers: { "set-cookie": authCookies(access) } };
      if (headers.cookie?.includes(access)) return { json: { count: 7 } };
      return { status: 502, json: { error: "Session invalid, please login again" } };
    },
  });
  const axiom = client({ urls: fake.urls, session: { accessToken: token("user", 900), refreshToken: "refresh" } });
  expect(await axiom.market.getOnlineUsers()).toBe(7);
  expect(fake.paths()).toEqual(["/online-users-count", REFRESH, "/online-users-count"]);
});
