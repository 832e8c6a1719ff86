import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { ManualClock, seededRandom } from "@pitlane/perf/testing";
import { EventEmitter } from "eventemitter3";
import { describe, expect, test } from "vitest";
import type { ClientEvents } from "../../src/client-events.ts";
import {
  AuthError,
  InvalidInputError,
  NetworkError,
  ProtocolError,
  RateLimitError,
  TimeoutError,
} from "../../src/errors.ts";
import {
  SessionCorruptError,
  SessionFileAccessError,
  SessionLostError,
  SessionUnavailableError,
  UnreadableTokenError,
} from "../../src/session/errors.ts";
import { createFileStore } from "../../src/session/file-store.ts";
import { Redactor } from "../../src/session/secrets.ts";
import type { SessionTokens } from "../../src/session/session.ts";
import { createSessionManager, type SessionManagerOptions } from "../../src/session/session-manager.ts";
import { memoryStore, type SessionStore } from "../../src/session/store.ts";
import { CallAbortedError } from "../../src/transport/errors.ts";
import { HttpCall } from "../../src/transport/transport.ts";
import { rejectionOf } from "../support/rejection.ts";
import { settle, tokenOf } from "./support.ts";

const LIFE_S = 960;
const refused = () => new AuthError("refresh was refused", { status: 401, venueText: "token is dead" });
const offline = () => new NetworkError("no connection", { outcome: "unknown" });
const throttled = (retryAfterMs = 0) => new RateLimitError("slow down", { status: 429, venueText: "", retryAfterMs });

type Refresh = (session: SessionTokens, signal: AbortSignal) => Promise<SessionTokens>;
type Options = Partial<SessionManagerOptions<SessionTokens>>;

/** A venue that issues tokens of 16 minutes, counts what is asked of it, and rotates the refresh token each time. */
function setUp(options: Options | ((parts: { issue: () => SessionTokens; clock: ManualClock }) => Options) = {}) {
  const clock = new ManualClock();
  const events = new EventEmitter<ClientEvents>();
  const seen: string[] = [];
  const asked: string[] = [];
  events.on("sessionRefreshed", () => seen.push("refreshed"));
  events.on("sessionLost", ({ error }) => seen.push(`lost: ${error.message}`));
  events.on("retried", ({ call, attempt, error }) => seen.push(`retried ${call} ${attempt}: ${error.code}`));
  let issued = 0;
  const issue = (): SessionTokens => {
    const iat = Math.floor(clock.nowUs() / 1e6);
    issued++;
    return { accessToken: tokenOf({ n: issued, iat, exp: iat + LIFE_S }), refreshToken: `refresh-${issued}` };
  };
  const given = typeof options === "function" ? options({ issue, clock }) : options;
  const refresh: Refresh =
    given.refresh ??
    (async () => {
      await clock.sleep(100);
      return issue();
    });
  const login = given.login;
  const manager = createSessionManager<SessionTokens>({
    events,
    clock,
    random: seededRandom(),
    ...given,
    refresh: (session, signal) => {
      asked.push(`refresh ${session.refreshToken}`);
      return refresh(session, signal);
    },
    ...(typeof login === "function" && {
      login: (signal: AbortSignal) => {
        asked.push("login");
        return login(signal);
      },
    }),
  });
  /** Moves time on in steps, and lets what is ready run between them. */
  const pass = async (ms: number, stepMs = ms) => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance({ ms: Math.min(stepMs, ms - passed) });
      await settle();
    }
  };
  return { clock, events, seen, asked, issue, manager, pass };
}

const withTokens = (more: Options = {}) => setUp(({ issue }) => ({ tokens: issue(), ...more }));

describe("a session in use", () => {
  test("is handed out at once while it lives, and nothing is asked", async () => {
    const { manager, asked, pass } = withTokens();
    const session = manager.tryGet();
    expect(session?.refreshToken).toBe("refresh-1");
    await pass(800_000);
    expect(manager.tryGet()).toBe(session);
    expect(await manager.get()).toBe(session);
    expect([asked, manager.status]).toEqual([[], "active"]);
  });

  test("is renewed by the first use in its last two minutes, which goes out with the old one", async () => {
    const { manager, asked, seen, pass } = withTokens();
    const old = manager.tryGet();
    await pass((LIFE_S - 120) * 1000);
    expect(manager.tryGet()).toBe(old);
    expect(manager.status).toBe("refreshing");
    expect(await manager.get()).toBe(old); // does not wait
    await settle();
    await pass(100);
    expect(manager.tryGet()?.refreshToken).toBe("refresh-2");
    expect([asked, seen]).toEqual([["refresh refresh-1"], ["refreshed"]]);
  });

  test("nothing is renewed unasked without keepAlive", async () => {
    const { clock, asked, pass } = withTokens();
    await pass(2 * LIFE_S * 1000, 10_000);
    expect([asked, clock.sleeping]).toEqual([[], 0]);
  });

  test("100 uses at its end wait for one refresh", async () => {
    const { manager, asked, pass } = withTokens();
    await pass(LIFE_S * 1000);
    expect(manager.tryGet()).toBeUndefined();
    expect(manager.status).toBe("expired");
    const all = Array.from({ length: 100 }, (_, i) =>
      manager.get(i % 2 === 0 ? new AbortController().signal : undefined),
    );
    await settle();
    await pass(100);
    const sessions = new Set(await Promise.all(all));
    expect(sessions.size).toBe(1);
    expect([...sessions][0]?.refreshToken).toBe("refresh-2");
    expect(asked).toEqual(["refresh refresh-1"]);
  });

  test("is counted from its arrival when the clock is an hour off", async () => {
    const { manager, asked, clock, pass } = setUp(({ clock }) => {
      const iat = Math.floor(clock.nowUs() / 1e6) - 3600;
      const stale = { accessToken: tokenOf({ iat, exp: iat + LIFE_S }), refreshToken: "r" };
      return { tokens: stale, refresh: async () => ({ ...stale }) };
    });
    await manager.get();
    expect(manager.expiresAtUs).toBe(clock.nowUs() + LIFE_S * 1e6);
    await pass(800_000);
    await manager.get();
    expect(asked).toHaveLength(1);
  });

  test("without an end in its token it is renewed only when refused", async () => {
    const { manager, asked, pass } = setUp({ tokens: { accessToken: tokenOf({ iat: 1 }), refreshToken: "r" } });
    await pass(1e9);
    expect(manager.tryGet()).toBeDefined();
    expect([manager.expiresAtUs, asked]).toEqual([Number.POSITIVE_INFINITY, []]);
  });

  test("an opaque token's end is told by timesOf", async () => {
    const { manager, clock } = setUp(({ clock }) => ({
      tokens: { accessToken: "opaque", refreshToken: "r" },
      timesOf: () => ({ issuedAtUs: undefined, expiresAtUs: clock.nowUs() + 1e6 }),
    }));
    expect(manager.expiresAtUs).toBe(clock.nowUs() + 1e6);
  });

  test("refresh renews though it lives, and does not make others wait", async () => {
    const { manager, asked, pass } = withTokens();
    const renewed = manager.refresh();
    await settle();
    expect(manager.tryGet()?.refreshToken).toBe("refresh-1");
    await pass(100);
    expect((await renewed).refreshToken).toBe("refresh-2");
    expect(asked).toHaveLength(1);
  });
});

describe("an abort", () => {
  test("ends the wait of its caller and leaves the refresh to the others", async () => {
    const { manager, asked, pass } = withTokens();
    await pass(LIFE_S * 1000);
    const impatient = new AbortController();
    const first = rejectionOf(manager.get(impatient.signal));
    const second = manager.get();
    await settle();
    impatient.abort(new Error("too slow"));
    expect((await first).message).toBe("too slow");
    await pass(100);
    expect((await second).refreshToken).toBe("refresh-2");
    expect(asked).toHaveLength(1);
  });

  test("of the only caller does not end the refresh, whose token may have been rotated already", async () => {
    const { manager, asked, pass } = withTokens();
    await pass(LIFE_S * 1000);
    const impatient = new AbortController();
    const only = rejectionOf(manager.get(impatient.signal));
    await settle();
    impatient.abort(new Error("too slow"));
    await only;
    await pass(100);
    expect(manager.tryGet()?.refreshToken).toBe("refresh-2");
    expect(asked).toHaveLength(1);
  });

  test("of the only caller does not let the next one ask beside the refresh under way", async () => {
    const { manager, asked, clock, pass } = setUp(({ issue, clock }) => ({
      tokens: issue(),
      refresh: () => clock.sleep(100).then(() => Promise.reject(throttled())),
    }));
    await pass(LIFE_S * 1000);
    const impatient = new AbortController();
    const only = rejectionOf(manager.get(impatient.signal));
    await settle();
    impatient.abort(new Error("too slow"));
    await only;
    const next = rejectionOf(manager.get());
    await settle();
    await pass(100);
    expect(await next).toMatchObject({ retryAfterMs: 30_000 });
    expect([asked.length, clock.sleeping]).toEqual([1, 0]);
  });

  test("before the call asks nothing", async () => {
    const { manager, asked } = setUp({ login: async () => ({ accessToken: "x" }) });
    const signal = AbortSignal.abort(new Error("no"));
    for (const call of [manager.get(signal), manager.refresh(signal), manager.login(signal)]) {
      expect((await rejectionOf(call)).message).toBe("no");
    }
    expect(asked).toEqual([]);
  });
});

describe("a refresh that is refused", () => {
  test("leads to a login where there is one", async () => {
    const { manager, asked, seen, pass } = setUp(({ issue }) => ({
      tokens: issue(),
      refresh: () => Promise.reject(refused()),
      login: async () => issue(),
    }));
    await pass(LIFE_S * 1000);
    expect((await manager.get()).refreshToken).toBe("refresh-2");
    expect([asked, seen]).toEqual([["refresh refresh-1", "login"], ["refreshed"]]);
  });

  test("loses the session otherwise: told once, and nothing more is asked", async () => {
    const { manager, asked, seen, pass } = withTokens({ refresh: () => Promise.reject(refused()) });
    await pass(LIFE_S * 1000);
    for (let i = 0; i < 3; i++) {
      const error = await rejectionOf(manager.get());
      expect(error).toBeInstanceOf(SessionLostError);
      expect(error).toMatchObject({ code: "SESSION_LOST", outcome: "unsent", retryable: false });
      expect(error.cause).toBeInstanceOf(AuthError);
    }
    expect(asked).toHaveLength(1);
    expect(seen).toEqual([
      "lost: the session is lost: its refresh was refused, and there is no login: supply `tokens`, a `login`, or a store that holds a session",
    ]);
    expect(manager.status).toBe("lost");
  });

  test("ahead of its end, the session is used to that end", async () => {
    const { manager, seen, asked, pass } = withTokens({ refresh: () => Promise.reject(refused()) });
    await pass(900_000);
    const session = manager.tryGet();
    await settle();
    expect(seen[0]).toMatch(/^lost/);
    expect(manager.tryGet()).toBe(session);
    expect(await manager.get()).toBe(session);
    await pass(60_000);
    expect(await rejectionOf(manager.get())).toBeInstanceOf(SessionLostError);
    expect(asked).toHaveLength(1);
  });

  test("a lost session is mended by tokens of the user, and by an explicit login", async () => {
    let isLoginUp = false;
    const { manager, issue, seen } = setUp(({ issue }) => ({
      login: async () => {
        if (!isLoginUp) throw refused();
        return issue();
      },
    }));
    expect(await rejectionOf(manager.get())).toBeInstanceOf(SessionLostError);
    await manager.use(issue());
    expect(manager.tryGet()?.refreshToken).toBe("refresh-1");
    await manager.clear();
    expect(await rejectionOf(manager.get())).toBeInstanceOf(SessionLostError);
    isLoginUp = true;
    expect(await rejectionOf(manager.get())).toBeInstanceOf(SessionLostError); // not unasked
    expect((await manager.login()).refreshToken).toBe("refresh-2");
    expect(manager.status).toBe("active");
    expect(seen.filter((event) => event.startsWith("lost"))).toHaveLength(2);
  });
});

describe("a refresh that fails for another reason", () => {
  test("is repeated at once a few times, for those who wait", async () => {
    let failures = 2;
    const { manager, asked, pass } = setUp(({ issue }) => ({
      tokens: issue(),
      refresh: async () => {
        if (failures-- > 0) throw offline();
        return issue();
      },
    }));
    await pass(LIFE_S * 1000);
    const session = manager.get();
    await pass(3_000, 50);
    expect((await session).refreshToken).toBe("refresh-2");
    expect(asked).toHaveLength(3);
  });

  test("is repeated with backoff by later uses while the old session lives", async () => {
    const { manager, asked, seen, pass } = withTokens({ refresh: () => Promise.reject(offline()) });
    await pass(841_000);
    for (let i = 0; i < 100; i++) {
      expect(manager.tryGet()).toBeDefined();
      await pass(1_000, 100);
    }
    expect(asked.length).toBeGreaterThan(30);
    expect(asked.length).toBeLessThan(150); // three tries at a time, and up to 5 s between
    expect(seen[0]).toBe("retried session refresh 1: SESSION_UNAVAILABLE");
    expect(seen.some((event) => event.startsWith("lost"))).toBe(false);
  });

  test("after the end, calls fail at once with what it failed with, until it is time for the next try", async () => {
    const { manager, asked, pass } = withTokens({ refresh: () => Promise.reject(throttled()) });
    await pass(LIFE_S * 1000);
    for (const leftMs of [30_000, 30_000, 30_000]) {
      const error = await rejectionOf(manager.get());
      expect(error).toBeInstanceOf(SessionUnavailableError);
      expect(error).toMatchObject({ outcome: "unsent", retryable: true, retryAfterMs: leftMs });
      expect(error.cause).toBeInstanceOf(RateLimitError);
    }
    expect(asked).toHaveLength(1); // 429 is not repeated at once either
    await pass(29_999);
    expect(await rejectionOf(manager.get())).toMatchObject({ retryAfterMs: 1 });
    expect(asked).toHaveLength(1);
    await pass(1);
    await rejectionOf(manager.get());
    expect(asked).toHaveLength(2);
  });

  test.each([
    ["429 that asks for a minute", throttled(60_000), 60_000],
    ["425, whatever the venue's mapping calls it", new AuthError("too early", { status: 425, venueText: "" }), 30_000],
  ])("a throttle: %s", async (_, error, delayMs) => {
    const { manager, pass } = withTokens({ refresh: () => Promise.reject(error) });
    await pass(LIFE_S * 1000);
    expect(await rejectionOf(manager.get())).toMatchObject({ code: "SESSION_UNAVAILABLE", retryAfterMs: delayMs });
  });

  test("an answer that cannot be read is no refusal", async () => {
    const { manager, pass } = withTokens({ refresh: () => Promise.reject(new ProtocolError("a gateway's page")) });
    await pass(LIFE_S * 1000);
    const error = rejectionOf(manager.get());
    await pass(5_000, 100);
    expect(await error).toBeInstanceOf(SessionUnavailableError);
  });

  test("a call never learns of an outcome that is not its own", async () => {
    const { manager, pass } = withTokens({ refresh: () => Promise.reject(offline()) }); // outcome: unknown
    await pass(LIFE_S * 1000);
    const error = rejectionOf(manager.get());
    await pass(5_000, 100);
    expect(await error).toMatchObject({ outcome: "unsent" });
  });
});

describe("a login", () => {
  test("is asked for once, by the first use", async () => {
    const { manager, asked, seen } = setUp(({ issue }) => ({ login: async () => issue() }));
    expect([manager.status, manager.tryGet()]).toEqual(["none", undefined]);
    const sessions = await Promise.all([manager.get(), manager.get(), manager.get()]);
    expect(new Set(sessions).size).toBe(1);
    expect([asked, seen]).toEqual([["login"], []]);
  });

  test("that is refused is not tried again unasked, and tells its own error when asked for", async () => {
    const { manager, asked } = setUp({ login: () => Promise.reject(refused()) });
    const error = await rejectionOf(manager.get());
    expect(error).toBeInstanceOf(SessionLostError);
    expect(error.message).toBe("the session is lost: the login failed");
    await rejectionOf(manager.get());
    expect(asked).toEqual(["login"]);
    expect(await rejectionOf(manager.login())).toBeInstanceOf(AuthError);
  });

  test("that could not be made is tried again after 30 s, doubling: each may send a code", async () => {
    const late = new TimeoutError("no code", { outcome: "unsent" });
    const { manager, asked, seen, pass } = setUp({ login: () => Promise.reject(late) });
    for (const delayMs of [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]) {
      expect(await rejectionOf(manager.get())).toMatchObject({ code: "SESSION_UNAVAILABLE", retryAfterMs: delayMs });
      await pass(delayMs);
    }
    expect(asked).toHaveLength(7);
    expect(seen[0]).toBe("retried session login 1: SESSION_UNAVAILABLE");
    expect(await rejectionOf(manager.login())).toBe(late);
  });

  test("that gives an unreadable token is told so", async () => {
    const { manager } = setUp({ login: async () => ({ accessToken: "opaque" }) });
    const error = await rejectionOf(manager.get());
    expect(error).toBeInstanceOf(SessionLostError);
    expect(error.cause).toBeInstanceOf(UnreadableTokenError);
  });
});

describe("a store", () => {
  test("is read before anybody is asked, and a live session in it is used", async () => {
    const store = memoryStore<SessionTokens>();
    const { manager, asked, issue, seen } = setUp({ store, login: () => Promise.reject(refused()) });
    await store.save(issue());
    expect((await manager.get()).refreshToken).toBe("refresh-1");
    expect([asked, seen]).toEqual([[], []]);
  });

  test("with a dead session in it leads to a refresh", async () => {
    const store = memoryStore<SessionTokens>();
    const { manager, asked, issue, pass } = setUp({ store });
    await store.save(issue());
    await pass(2 * LIFE_S * 1000);
    const session = manager.get();
    await settle();
    await pass(100);
    expect((await session).refreshToken).toBe("refresh-2");
    expect(asked).toEqual(["refresh refresh-1"]);
  });

  test("with a session in its last minutes: that is used when the refresh cannot be made", async () => {
    const store = memoryStore<SessionTokens>();
    const { manager, issue, pass } = setUp({ store, refresh: () => Promise.reject(throttled()) });
    await store.save(issue());
    await pass(900_000);
    expect((await manager.get()).refreshToken).toBe("refresh-1");
  });

  test("keeps every renewed session", async () => {
    const store = memoryStore<SessionTokens>();
    const { manager, pass } = withTokens({ store });
    await pass(900_000);
    manager.tryGet();
    await settle();
    await pass(100);
    expect((await store.load())?.refreshToken).toBe("refresh-2");
  });

  test("in which another process has renewed the session saves the refresh", async () => {
    const store = memoryStore<SessionTokens>();
    const { manager, asked, seen, issue, pass } = withTokens({ store });
    await pass(900_000);
    await store.save(issue());
    manager.tryGet();
    await settle();
    expect(manager.tryGet()?.refreshToken).toBe("refresh-2");
    expect([asked, seen]).toEqual([[], ["refreshed"]]);
  });

  test("is looked up again after a refusal: another process may have been quicker by a moment", async () => {
    const store = { ...memoryStore<SessionTokens>(), isShared: true };
    const { manager, asked, seen, issue, pass } = withTokens({ store, refresh: () => Promise.reject(refused()) });
    await pass(LIFE_S * 1000);
    const session = manager.get();
    await settle();
    expect(asked).toHaveLength(1); // refused: the other process has rotated the token, and not saved it yet
    await store.save(issue());
    await pass(1_000);
    expect((await session).refreshToken).toBe("refresh-2");
    expect([asked.length, seen, manager.status]).toEqual([1, ["refreshed"], "active"]);
  });

  test.each([0, 20, 200])(
    "shared by two at a venue that rotates: both end with one session (%i ms apart)",
    async (leadMs) => {
      const folder = await mkdtemp(join(tmpdir(), "pitlane-shared-"));
      const clock = createSystemClock(); // the files are real: what races here is real too
      const lost: Error[] = [];
      const nowS = () => Math.floor(clock.nowUs() / 1e6);
      const tokens = { accessToken: tokenOf({ iat: nowS() - 1_000, exp: nowS() - 40 }), refreshToken: "r-0" };
      let refreshes = 0;
      let rotations = 0;
      const refresh = async ({ refreshToken }: SessionTokens) => {
        refreshes++;
        if (refreshToken !== `r-${rotations}`) throw refused();
        rotations++;
        await clock.sleep(20);
        const iat = nowS();
        return { accessToken: tokenOf({ iat, exp: iat + LIFE_S, rotations }), refreshToken: `r-${rotations}` };
      };
      const start = () => {
        const events = new EventEmitter<ClientEvents>();
        events.on("sessionLost", ({ error }) => lost.push(error));
        const store = createFileStore<SessionTokens>({
          path: join(folder, "s"),
          passphrase: "correct horse",
          scryptLogN: 14,
        });
        return createSessionManager<SessionTokens>({ tokens, store, refresh, events, clock, random: seededRandom() });
      };
      try {
        const first = start().get();
        await clock.sleep(leadMs);
        const [a, b] = await Promise.all([first, start().get()]);
        expect([a.refreshToken, b.refreshToken, rotations]).toEqual(["r-1", "r-1", 1]);
        expect(lost).toEqual([]);
        expect(refreshes).toBeLessThanOrEqual(2);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );

  test("with an older session, or another account's, is not believed", async () => {
    const store = memoryStore<SessionTokens>();
    const { manager, asked, issue, pass } = withTokens({ store });
    await store.save({ ...issue(), account: "other" });
    await pass(LIFE_S * 1000);
    const session = manager.get();
    await settle();
    await pass(100);
    await session;
    expect(asked).toEqual(["refresh refresh-1"]);
  });

  const failing = (error: Error): SessionStore<SessionTokens> => ({
    load: () => Promise.reject(error),
    save: () => Promise.reject(error),
    clear: () => Promise.reject(error),
  });

  test("that cannot be read is an error when there is nothing else, before anything is asked", async () => {
    const full = new SessionFileAccessError("disk");
    const { manager, asked, issue } = setUp({ store: failing(full), login: () => Promise.reject(refused()) });
    expect(await rejectionOf(manager.get())).toBe(full);
    expect(asked).toEqual([]);
    expect(await rejectionOf(manager.use(issue()))).toBe(full);
    expect(await rejectionOf(manager.clear())).toBe(full);
  });

  test("that holds something else is an error too", async () => {
    for (const junk of [{}, null, { accessToken: 5 }, { accessToken: "opaque" }]) {
      const store = memoryStore<unknown>() as SessionStore<SessionTokens>;
      await store.save(junk as SessionTokens);
      const { manager, asked } = setUp({ store });
      expect(await rejectionOf(manager.get())).toBeInstanceOf(SessionCorruptError);
      expect(asked).toEqual([]);
    }
  });

  test("that fails beside a living session is told and does not end it", async () => {
    const told: Error[] = [];
    const full = new SessionFileAccessError("disk");
    const { manager, pass } = withTokens({ store: failing(full), onStoreError: (error) => told.push(error) });
    await pass(900_000);
    manager.tryGet();
    await settle();
    await pass(100);
    expect(manager.tryGet()?.refreshToken).toBe("refresh-2");
    expect(told).toEqual([full, full]); // the read before, the save after
  });

  test("that fails with nobody to tell warns", async () => {
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    const { manager, pass } = withTokens({ store: failing(new SessionFileAccessError("disk")) });
    await pass(900_000);
    manager.tryGet();
    expect(await warned).toMatchObject({
      code: "PITLANE_SESSION_STORE",
      message: "the session could not be read: disk",
    });
    await settle();
  });
});

describe("an authenticator", () => {
  const call = (signal?: AbortSignal) =>
    new HttpCall({ method: "GET", path: "/x", isRead: true, isPrivate: true, signal });
  const apply = (call: HttpCall, { refreshToken }: SessionTokens) => {
    call.sentHeaders = { ...call.headers, cookie: refreshToken as string };
  };

  test("writes the session without a promise while it lives", () => {
    const authenticator = withTokens().manager.authenticator(apply);
    const sent = call();
    expect(authenticator.prepare(sent)).toBeUndefined();
    expect(sent.sentHeaders).toEqual({ cookie: "refresh-1" });
  });

  test("waits for a renewal when it does not", async () => {
    const { manager, pass } = withTokens();
    await pass(LIFE_S * 1000);
    const sent = call();
    const prepared = manager.authenticator(apply).prepare(sent);
    await settle();
    await pass(100);
    await prepared;
    expect(sent.sentHeaders).toEqual({ cookie: "refresh-2" });
  });

  test("a refusal of the present session renews it once for all calls it met", async () => {
    const { manager, asked, pass } = withTokens();
    const authenticator = manager.authenticator(apply);
    const calls = Array.from({ length: 10 }, () => call());
    for (const one of calls) authenticator.prepare(one);
    const recovered = calls.map((one) => authenticator.recover?.(one, refused()));
    await settle();
    expect(manager.tryGet()).toBeUndefined(); // nobody is sent out with what was refused
    await pass(100);
    expect(await Promise.all(recovered)).toEqual(calls.map(() => true));
    expect(asked).toEqual(["refresh refresh-1"]);
  });

  test("a refusal of a session that has been replaced since costs no renewal", async () => {
    const { manager, asked, pass } = withTokens();
    const authenticator = manager.authenticator(apply);
    const slow = call();
    authenticator.prepare(slow);
    const renewed = manager.refresh();
    await settle();
    await pass(100);
    await renewed;
    expect(await authenticator.recover?.(slow, refused())).toBe(true);
    expect(asked).toHaveLength(1);
  });

  test("a renewed session that is refused as well is not renewed again and again", async () => {
    const { manager, asked, pass } = setUp(({ issue }) => ({
      tokens: issue(),
      refresh: async () => issue(),
    }));
    const authenticator = manager.authenticator(apply);
    const attempt = async () => {
      const one = call();
      await authenticator.prepare(one);
      return authenticator.recover?.(one, refused());
    };
    expect(await attempt()).toBe(true);
    for (let i = 0; i < 5; i++) expect(await attempt()).toBe(false);
    expect(asked).toHaveLength(1);
    await pass(5_000);
    expect(await attempt()).toBe(true);
    expect(asked).toHaveLength(2);
  });

  test("a renewed session that is refused as well waits for a renewal that is under way", async () => {
    const { manager, asked, pass } = withTokens();
    const authenticator = manager.authenticator(apply);
    const attempt = async () => {
      const one = call();
      await authenticator.prepare(one);
      return authenticator.recover?.(one, refused());
    };
    const first = attempt();
    await settle();
    await pass(100);
    expect(await first).toBe(true);
    const refreshed = manager.refresh();
    await settle();
    const again = Promise.all([attempt(), attempt()]);
    await settle();
    await pass(100);
    expect(await again).toEqual([true, true]);
    expect(manager.tryGet()).toBe(await refreshed);
    expect(asked).toEqual(["refresh refresh-1", "refresh refresh-2"]);
  });

  test("a refusal that loses the session says so, and that the call was refused", async () => {
    const { manager } = withTokens({ refresh: () => Promise.reject(refused()) });
    const authenticator = manager.authenticator(apply);
    const sent = call();
    authenticator.prepare(sent);
    const error = await rejectionOf(authenticator.recover?.(sent, refused()) as Promise<boolean>);
    expect(error).toBeInstanceOf(SessionLostError);
    expect(error).toMatchObject({ outcome: "refused" });
  });

  test("a refusal that cannot be mended for now is the call's own answer", async () => {
    const { manager } = withTokens({ refresh: () => Promise.reject(throttled()) });
    const authenticator = manager.authenticator(apply);
    const sent = call();
    authenticator.prepare(sent);
    expect(await authenticator.recover?.(sent, refused())).toBe(false);
    expect(await authenticator.recover?.(call(), refused())).toBe(false); // one that was never prepared
  });
});

describe("keepAlive", () => {
  test("renews by its timer, again and again", async () => {
    const { manager, asked, pass } = withTokens({ keepAlive: true });
    await pass(3 * LIFE_S * 1000, 1_000);
    expect(asked).toEqual(["refresh refresh-1", "refresh refresh-2", "refresh refresh-3"]);
    await manager.close();
  });

  test("is not late when the host's clock is set, or the host has slept", async () => {
    const { manager, clock, asked, pass } = withTokens({ keepAlive: true });
    const hostUs = clock.nowUs.bind(clock);
    clock.nowUs = () => hostUs() + 900e6;
    await pass(30_000, 1_000);
    expect(asked).toEqual(["refresh refresh-1"]);
    await manager.close();
  });

  test("goes on after failures", async () => {
    let failures = 20;
    const { manager, asked, pass } = setUp(({ issue }) => ({
      tokens: issue(),
      keepAlive: true,
      refresh: async () => {
        if (failures-- > 0) throw offline();
        return issue();
      },
    }));
    await pass(LIFE_S * 1000, 250);
    expect(asked).toHaveLength(21);
    expect(manager.tryGet()?.refreshToken).toBe("refresh-2");
    await manager.close();
  });

  test("begins with the first session, and ends with a lost one", async () => {
    const { manager, clock, asked, pass } = setUp(({ issue }) => {
      let logins = 0;
      return {
        keepAlive: true,
        refresh: () => Promise.reject(refused()),
        login: async () => {
          if (logins++ > 0) throw refused();
          return issue();
        },
      };
    });
    await pass(LIFE_S * 1000, 1_000);
    expect(asked).toEqual([]);
    await manager.get();
    await pass(LIFE_S * 1000, 1_000);
    expect(asked).toEqual(["login", "refresh refresh-1", "login"]);
    expect(clock.sleeping).toBe(0);
  });
});

describe("clear, use and close", () => {
  test("clear forgets the session here and in the store, and whoever waits is told", async () => {
    const store = memoryStore<SessionTokens>();
    const { manager, pass } = withTokens({ store });
    await pass(LIFE_S * 1000);
    const waiting = rejectionOf(manager.get());
    await settle();
    await manager.clear();
    expect((await waiting).message).toBe("the session was cleared while the call waited for it");
    await pass(100);
    expect([manager.status, manager.tryGet(), await store.load()]).toEqual(["none", undefined, undefined]); // the late answer is dropped
    expect(await rejectionOf(manager.get())).toBeInstanceOf(InvalidInputError);
  });

  test("use replaces whatever is there or under way, and whoever waits gets it", async () => {
    const { manager, issue, pass, clock } = withTokens();
    await pass(LIFE_S * 1000);
    const waiting = manager.get();
    await settle();
    const mine = { ...issue(), refreshToken: "mine" };
    await manager.use(mine);
    expect(await waiting).toBe(mine);
    await pass(100);
    expect(manager.tryGet()).toBe(mine); // the late answer is dropped
    expect(clock.sleeping).toBe(0);
  });

  test("close ends timers and waits, and every later call is refused", async () => {
    const { manager, clock, pass, issue } = withTokens({
      keepAlive: true,
      refresh: (_, signal) => clock.sleep(1e6, signal).then(issue),
    });
    await pass(LIFE_S * 1000);
    const waiting = rejectionOf(manager.get());
    await settle();
    await manager.close();
    await manager.close();
    const ended = await waiting;
    await settle();
    expect(clock.sleeping).toBe(0);
    const later = [manager.get(), manager.refresh(), manager.login(), manager.use(issue()), manager.clear()];
    for (const error of [ended, ...(await Promise.all(later.map(rejectionOf)))]) {
      expect(error).toBeInstanceOf(CallAbortedError);
      expect(error).toMatchObject({ outcome: "unsent" });
    }
  });
});

test("the redactor learns the present and the last tokens, and no more", async () => {
  const redactor = new Redactor();
  const { manager, pass } = withTokens({ redactor });
  for (const n of [2, 3]) {
    const renewed = manager.refresh();
    await settle();
    await pass(100);
    expect((await renewed).refreshToken).toBe(`refresh-${n}`);
  }
  expect(redactor.redact("refresh-1 refresh-2 refresh-3")).toBe("refresh-1 [secret] [secret]");
});

describe("bad input is refused before anything happens", () => {
  const bad: [string, Options, RegExp][] = [
    ["refreshAheadMs", { refreshAheadMs: -1 }, /^refreshAheadMs must be a number from 0/],
    ["refreshAheadMs NaN", { refreshAheadMs: Number.NaN }, /^refreshAheadMs/],
    ["login", { login: "me" as never }, /^login must be a function/],
    ["timesOf", { timesOf: 5 as never }, /^timesOf must be a function, got 5/],
    ["onStoreError", { onStoreError: {} as never }, /^onStoreError must be a function, got object/],
    ["a store of text", { store: "file" as never }, /^store must be an object, got "file"/],
    ["no store", { store: null as never }, /^store must be an object, got null/],
    ["a store without methods", { store: {} as never }, /^store.load must be a function, got undefined/],
    ["a store that saves nothing", { store: { ...memoryStore(), save: 5 as never } }, /^store.save must be a function/],
    ["a store to keep", { store: { ...memoryStore(), clear: undefined as never } }, /^store.clear must be a function/],
    ["empty token", { tokens: { accessToken: "" } }, /^tokens.accessToken must be/],
    ["token with a line break", { tokens: { accessToken: "a\r\nb" } }, /^tokens.accessToken must be/],
    [
      "refresh token with a space",
      { tokens: { accessToken: tokenOf({}), refreshToken: "a b" } },
      /^tokens.refreshToken/,
    ],
    ["no tokens in tokens", { tokens: {} as SessionTokens }, /^tokens.accessToken/],
  ];
  test.each(bad)("%s", (_, options, said) => {
    const error = (() => {
      try {
        return setUp(options);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as Error).message).toMatch(said);
  });

  test("an unreadable token by its own error", () => {
    expect(() => setUp({ tokens: { accessToken: "opaque" } })).toThrow(UnreadableTokenError);
  });

  test("a signal that is none", async () => {
    const { manager, asked } = withTokens();
    const signal = { aborted: false } as AbortSignal;
    const session = await manager.get();
    for (const call of [
      () => manager.get(signal),
      () => manager.refresh(signal),
      () => manager.renewRefused(session, signal),
      () => manager.login(signal),
    ]) {
      const error = await rejectionOf(call());
      expect(error).toBeInstanceOf(InvalidInputError);
      expect(error.message).toBe("signal must be an AbortSignal, got object");
    }
    expect(asked).toEqual([]);
  });

  test("no options", () => {
    expect(() => createSessionManager(undefined as never)).toThrow(InvalidInputError);
    expect(() => createFileStore(undefined as never)).toThrow(InvalidInputError);
  });

  test("neither tokens nor a login", async () => {
    const { manager, asked } = setUp();
    expect(await rejectionOf(manager.get())).toBeInstanceOf(InvalidInputError);
    expect(await rejectionOf(manager.login())).toBeInstanceOf(InvalidInputError);
    expect(asked).toEqual([]);
  });
});
