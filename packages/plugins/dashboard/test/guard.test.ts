import { expect, test } from "vitest";
import { cookieFor, type House, isSameSecret, rule, type Visit } from "../src/guard.ts";
import { checkReach, isLoopback, ownNames } from "../src/settings.ts";

const TOKEN = "the-token-of-this-dashboard";
const house: House = {
  names: new Set(["127.0.0.1:7070"]),
  token: TOKEN,
  cookieName: "pitlane_dashboard_7070",
  cookieValue: cookieFor(TOKEN),
};

const visit = (change: Partial<Visit>): Visit => ({
  method: "GET",
  path: "/",
  linkToken: undefined,
  host: "127.0.0.1:7070",
  origin: undefined,
  fetchSite: undefined,
  cookies: undefined,
  authorization: undefined,
  contentType: undefined,
  ...change,
});

const verdict = (change: Partial<Visit>) => {
  const ruling = rule(visit(change), house);
  return ruling.verdict === "deny" ? ruling.status : ruling.verdict;
};

const cookies = `theme=dark; pitlane_dashboard_7070=${house.cookieValue}; x=y`;

test.each([
  ["the link's token opens", { linkToken: TOKEN }, "enter"],
  ["a wrong token does not", { linkToken: `${TOKEN}x` }, 401],
  ["an empty token does not", { linkToken: "" }, 401],
  ["the token opens nothing but the page's own path", { path: "/api/session", linkToken: TOKEN }, 401],
  ["nothing shown is refused", {}, 401],
  ["the cookie is found among others", { cookies }, "allow"],
  ["the cookie of another port is not ours", { cookies: `pitlane_dashboard_7071=${house.cookieValue}` }, 401],
  ["the token is no cookie", { cookies: `pitlane_dashboard_7070=${TOKEN}` }, 401],
  ["an unknown name is refused first", { host: "evil.example:7070", cookies }, 421],
  ["no name is refused", { host: undefined, cookies }, 421],
  ["another method is refused", { method: "DELETE", cookies }, 405],
  ["a post to what only reads is refused", { method: "POST", path: "/api/session", cookies }, 405],
  ["a link on another site may lead to the page", { cookies, fetchSite: "cross-site" }, "allow"],
  ["another site may not ask the API", { path: "/api/session", cookies, fetchSite: "cross-site" }, 403],
  ["another site's origin is refused", { path: "/api/stream", cookies, origin: "http://evil.example" }, 403],
  [
    "our origin under another port is another site's",
    { path: "/api/stream", cookies, origin: "http://127.0.0.1:7071" },
    403,
  ],
  ["our origin may ask the stream", { path: "/api/stream", cookies, origin: "http://127.0.0.1:7070" }, "allow"],
  ["a bearer needs no cookie", { path: "/api/session", authorization: `bearer ${TOKEN}` }, "allow"],
  ["a wrong bearer is not saved by a cookie", { path: "/api/session", authorization: "Bearer x", cookies }, 401],
] as const)("%s", (_, change, expected) => {
  expect(verdict(change)).toBe(expected);
});

const post = { method: "POST", path: "/api/actions/halt", contentType: "application/json; charset=utf-8" };

test.each([
  ["an action needs an origin", { cookies }, 403],
  ["an action from our page passes", { cookies, origin: "http://127.0.0.1:7070" }, "allow"],
  ["an action through a proxy with TLS passes", { cookies, origin: "https://127.0.0.1:7070" }, "allow"],
  ["an action without the cookie is refused", { origin: "http://127.0.0.1:7070" }, 401],
  [
    "a form is refused",
    { cookies, origin: "http://127.0.0.1:7070", contentType: "application/x-www-form-urlencoded" },
    415,
  ],
  ["a body without a type is refused", { cookies, origin: "http://127.0.0.1:7070", contentType: undefined }, 415],
  ["a script with the bearer needs no origin", { authorization: `Bearer ${TOKEN}` }, "allow"],
] as const)("%s", (_, change, expected) => {
  expect(verdict({ ...post, ...change })).toBe(expected);
});

test("only a shown token counts as a guess", () => {
  const isGuess = (change: Partial<Visit>) => {
    const ruling = rule(visit(change), house);
    return ruling.verdict === "deny" && ruling.isGuess;
  };
  expect(isGuess({ linkToken: "x" })).toBe(true);
  expect(isGuess({ authorization: "Bearer x" })).toBe(true);
  expect(isGuess({ cookies: "pitlane_dashboard_7070=old" })).toBe(false);
  expect(isGuess({})).toBe(false);
});

test("secrets of different lengths are compared without an error", () => {
  expect(isSameSecret("a", "a".repeat(1000))).toBe(false);
  expect(isSameSecret("", "")).toBe(true);
});

test("names are those that the address can be called by", () => {
  const names = (host: string, port = 7070, more: readonly string[] = []) => [
    ...ownNames({ host, names: [...more] }, port, ["10.0.0.5", "fe80::1"]),
  ];
  expect(names("127.0.0.1")).toEqual(["127.0.0.1:7070", "localhost:7070"]);
  expect(names("::1")).toEqual(["[::1]:7070", "localhost:7070"]);
  expect(names("10.0.0.5", 80)).toEqual(["10.0.0.5", "10.0.0.5:80"]);
  expect(names("0.0.0.0", 7070, ["Desk.lan", "desk.lan:8443"])).toEqual([
    "localhost:7070",
    "10.0.0.5:7070",
    "[fe80::1]:7070",
    "desk.lan",
    "desk.lan:7070",
    "desk.lan:8443",
  ]);
});

test("an address that others can reach needs a token of somebody's choice", () => {
  expect(isLoopback("127.0.0.53")).toBe(true);
  expect(isLoopback("127.evil.example")).toBe(false);
  expect(() => checkReach({ host: "10.0.0.5", names: [] })).toThrow('set "token"');
  checkReach({ host: "10.0.0.5", names: [], token: "x".repeat(24) });
  checkReach({ host: "127.0.0.1", names: [] });
});
