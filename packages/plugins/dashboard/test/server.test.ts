import { ManualClock } from "@pitlane/perf/testing";
import { afterEach, expect, test } from "vitest";
import { CONTENT_SECURITY_POLICY } from "../src/reply.ts";
import { act, ask, enter, type Served, type ServeOptions, serve, TOKEN } from "./set-up.ts";

const open: Served[] = [];

async function setUp(options: ServeOptions = {}) {
  const served = await serve(options);
  open.push(served);
  return { ...served, cookie: await enter(served.dashboard) };
}

afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

test("the printed link sets a cookie that scripts and other sites do not get, and takes the token out of the address", async () => {
  const { dashboard } = await setUp();
  expect(dashboard.link).toBe(`http://127.0.0.1:${dashboard.port}/?token=${TOKEN}`);
  const { status, headers } = await ask(dashboard, `/?token=${TOKEN}`);
  expect(status).toBe(303);
  expect(headers.location).toBe("/");
  const [cookie = ""] = headers["set-cookie"] ?? [];
  expect(cookie).toMatch(
    new RegExp(`^pitlane_dashboard_${dashboard.port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/$`),
  );
  expect(cookie).not.toContain(TOKEN);
});

test("the page and its API open with the cookie alone", async () => {
  const { dashboard, cookie } = await setUp();
  expect((await ask(dashboard, "/", { headers: { cookie } })).text).toContain("page");
  expect((await ask(dashboard, "/api/session", { headers: { cookie } })).status).toBe(200);
  expect((await ask(dashboard, "/")).status).toBe(401);
  expect((await ask(dashboard, "/api/session")).status).toBe(401);
  expect((await ask(dashboard, "/assets/page-1a2b.js")).status).toBe(401);
});

test("a wrong token gets a page that gives nothing away", async () => {
  const { dashboard } = await setUp();
  const { status, text, headers } = await ask(dashboard, "/?token=not-the-token-at-all-but-long");
  expect(status).toBe(401);
  expect(text).toContain("open the link that the terminal printed");
  expect(text).not.toContain("not-the-token");
  expect(headers["set-cookie"]).toBeUndefined();
});

test("scripts may show the token as a bearer", async () => {
  const { dashboard } = await setUp();
  const headers = { authorization: `Bearer ${TOKEN}` };
  expect((await ask(dashboard, "/api/alerts", { headers })).status).toBe(200);
  expect((await ask(dashboard, "/api/alerts", { headers: { authorization: "Bearer nope" } })).status).toBe(401);
});

test("every answer has the policies, and nothing of the API is stored", async () => {
  const { dashboard, cookie } = await setUp();
  for (const path of ["/", "/api/session", "/api/nothing", "/nothing", "/assets/page-1a2b.js"]) {
    const { headers } = await ask(dashboard, path, { headers: { cookie } });
    expect(headers["content-security-policy"]).toBe(CONTENT_SECURITY_POLICY);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBe("no-referrer");
    expect(headers["x-frame-options"]).toBe("DENY");
    if (path.startsWith("/api/")) expect(headers["cache-control"]).toBe("no-store");
  }
  expect((await ask(dashboard, "/")).headers["content-security-policy"]).toBe(CONTENT_SECURITY_POLICY);
  const script = await ask(dashboard, "/assets/page-1a2b.js", { headers: { cookie } });
  expect(script.headers["cache-control"]).toContain("immutable");
  expect(script.headers["content-type"]).toContain("text/javascript");
});

test("a name that was made to resolve to this machine is refused, with and without the cookie", async () => {
  const { dashboard, cookie } = await setUp();
  for (const host of ["evil.example", `evil.example:${dashboard.port}`, "127.0.0.1", "localhost:1"])
    expect((await ask(dashboard, "/api/session", { headers: { cookie, host } })).status, host).toBe(421);
  for (const host of [`127.0.0.1:${dashboard.port}`, `localhost:${dashboard.port}`, `LOCALHOST:${dashboard.port}`])
    expect((await ask(dashboard, "/api/session", { headers: { cookie, host } })).status, host).toBe(200);
});

test("another site's page can neither act nor read", async () => {
  const { dashboard, session, cookie } = await setUp();
  const body = JSON.stringify({ confirm: true, reason: "forged" });
  const post = (headers: Record<string, string>) =>
    ask(dashboard, "/api/actions/halt", { method: "POST", headers: { cookie, ...headers }, body });
  const json = { "content-type": "application/json" };
  expect((await post({ ...json, origin: "http://evil.example" })).status).toBe(403);
  expect((await post({ ...json, origin: "null" })).status).toBe(403);
  expect((await post(json)).status).toBe(403); // a browser always says where a post comes from
  expect(
    (await post({ ...json, origin: `http://127.0.0.1:${dashboard.port}`, "sec-fetch-site": "cross-site" })).status,
  ).toBe(403);
  expect((await post({ "content-type": "text/plain", origin: `http://127.0.0.1:${dashboard.port}` })).status).toBe(415);
  const read = (headers: Record<string, string>, path = "/api/stream") =>
    ask(dashboard, path, { headers: { cookie, ...headers } });
  expect((await read({ origin: "http://evil.example" })).status).toBe(403);
  expect((await read({ "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await read({ "sec-fetch-site": "same-site" }, "/api/session")).status).toBe(403);
  expect(session.acts).toEqual([]);
});

test("methods and paths that are not there are refused", async () => {
  const { dashboard, cookie } = await setUp();
  const status = async (method: string, path: string) =>
    (await ask(dashboard, path, { method, headers: { cookie } })).status;
  expect(await status("PUT", "/api/session")).toBe(405);
  expect(await status("POST", "/api/session")).toBe(405);
  expect(await status("OPTIONS", "/")).toBe(405);
  expect(await status("GET", "/api/actions/halt")).toBe(404);
  expect(await status("GET", "/../../../etc/passwd")).toBe(404);
  expect(await status("GET", "/assets/..%2f..%2fpackage.json")).toBe(404);
  expect(await status("HEAD", "/")).toBe(200);
  expect((await ask(dashboard, "http://elsewhere/", { headers: { cookie } })).status).toBe(400);
});

test("whoever guesses tokens is shut out for a while, and open pages are not", async () => {
  const clock = new ManualClock();
  const { dashboard, cookie } = await setUp({ clock });
  const guess = async () => (await ask(dashboard, "/?token=a-guess-that-is-long-enough-1")).status;
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) statuses.push(await guess());
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
  expect(statuses.slice(10)).toEqual([429, 429]);
  const right = await ask(dashboard, `/?token=${TOKEN}`);
  expect(right.status).toBe(429);
  expect(Number(right.headers["retry-after"])).toBeGreaterThan(0);
  expect((await ask(dashboard, "/api/session", { headers: { cookie } })).status).toBe(200);
  clock.advance({ ms: 5000 });
  expect((await ask(dashboard, `/?token=${TOKEN}`)).status).toBe(303);
});

test("who asks too often is told to wait", async () => {
  const clock = new ManualClock();
  const { dashboard, cookie } = await setUp({ clock });
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async () => (await ask(dashboard, "/api/runs", { headers: { cookie } })).status),
  );
  expect(statuses.filter((status) => status === 200)).toHaveLength(40);
  expect(statuses.filter((status) => status === 429)).toHaveLength(20);
  const { status, headers, json } = await ask(dashboard, "/api/runs", { headers: { cookie } });
  expect(status).toBe(429);
  expect(headers["retry-after"]).toBe("1");
  expect(json).toEqual({ ok: false, error: "too many requests: wait a moment" });
  clock.advance({ ms: 1000 });
  expect((await ask(dashboard, "/api/runs", { headers: { cookie } })).status).toBe(200);
});

test("a body that is too large or no JSON is refused, and the session hears nothing of it", async () => {
  const { dashboard, session, cookie } = await setUp();
  const headers = { cookie, origin: dashboard.url.slice(0, -1), "content-type": "application/json" };
  const post = (body: string | Uint8Array) => ask(dashboard, "/api/actions/halt", { method: "POST", headers, body });
  expect((await post("{")).status).toBe(400);
  expect((await post("")).status).toBe(400);
  expect((await post(new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400);
  expect((await post("[]")).status).toBe(400);
  expect((await post("null")).status).toBe(400);
  const large = await post(JSON.stringify({ confirm: true, reason: "x".repeat(70_000) })).catch(() => undefined);
  expect([413, undefined]).toContain(large?.status); // or the connection ends before all of it was sent
  expect(session.acts).toEqual([]);
});

test("where the page was not built it says so", async () => {
  const { dashboard, cookie } = await setUp({ page: new Map() });
  const { status, text } = await ask(dashboard, "/", { headers: { cookie } });
  expect(status).toBe(503);
  expect(text).toContain("the page was not built");
  expect(dashboard.lines).toContain("dashboard  its page was not built: only its API answers");
});

test("what fails inside is told in the log and not to the page", async () => {
  const { dashboard, session, cookie } = await setUp();
  Object.assign(session, {
    faults: () => {
      throw new Error("a path of this machine");
    },
  });
  const { status, json } = await ask(dashboard, "/api/faults", { headers: { cookie } });
  expect(status).toBe(500);
  expect(json).toEqual({ ok: false, error: "this went wrong here: the session's log says why" });
  expect(session.logLines().at(-1)).toMatchObject({
    source: "dashboard",
    message: "GET /api/faults: a path of this machine",
  });
});

test("a restart with the same token leaves open pages in", async () => {
  const first = await serve();
  const cookie = await enter(first.dashboard);
  const { port } = first.dashboard;
  await first.close();
  const { dashboard } = await setUp({ settings: { port } });
  expect(dashboard.port).toBe(port);
  expect((await ask(dashboard, "/api/session", { headers: { cookie } })).status).toBe(200);
});

test("a port that was set and is taken is an error that names the remedy; the usual one gives way", async () => {
  const { dashboard } = await setUp();
  await expect(serve({ settings: { port: dashboard.port } })).rejects.toThrow('leave "port" out of its settings');
});

test("others may reach it only with a token that somebody has chosen", async () => {
  await expect(serve({ settings: { host: "0.0.0.0" } })).rejects.toThrow('set "token"');
  const { dashboard } = await setUp({
    settings: { host: "0.0.0.0", token: "chosen-by-a-person-0001" + "x", names: ["desk.lan"] },
  });
  expect(dashboard.lines?.join("\n")).toContain("not encrypted");
  const headers = { authorization: "Bearer chosen-by-a-person-0001x", host: `desk.lan:${dashboard.port}` };
  expect((await ask(dashboard, "/api/session", { headers })).status).toBe(200);
  expect(
    (await ask(dashboard, "/api/session", { headers: { ...headers, host: `other.lan:${dashboard.port}` } })).status,
  ).toBe(421);
});

test("actions reach the session, each with the dashboard's name", async () => {
  const { dashboard, session } = await setUp();
  const alert = session.raise();
  const done = async (name: string, body: object) => (await act(dashboard, name, { confirm: true, ...body })).json;
  expect(await done("halt", { reason: "enough" })).toMatchObject({
    ok: true,
    trading: { state: "halted", reason: "enough" },
  });
  expect(await done("reduceOnly", { reason: "calmer" })).toMatchObject({ ok: true, trading: { state: "reduceOnly" } });
  expect(await done("resume", { reason: "better" })).toMatchObject({ ok: true, trading: { state: "active" } });
  expect(await done("flatten", { reason: "end of day" })).toEqual({ ok: true, isFlat: true });
  expect(await done("pause", { plugin: "trend" })).toEqual({ ok: true });
  expect(await done("resumePlugin", { plugin: "trend" })).toEqual({ ok: true });
  expect(await done("acknowledge", { id: alert.id })).toEqual({ ok: true });
  expect(await done("profile", { kind: "cpu", durationMs: 100 })).toEqual({ ok: true, name: "cpu-8.cpuprofile" });
  expect(session.acts.map(({ action }) => action)).toEqual([
    "setTradingState",
    "setTradingState",
    "setTradingState",
    "flatten",
    "pause",
    "resume",
    "acknowledge",
    "profile",
  ]);
  expect(new Set(session.acts.map(({ by }) => by))).toEqual(new Set(["dashboard"]));
});
