import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { problemOf, readAnswer, socketUrl, upgradeRequest } from "../../src/stream/ws-handshake.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ=="; // of RFC 6455, section 1.3
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

function answer(...lines: string[]): string {
  return ["HTTP/1.1 101 Switching Protocols", ...lines, "", ""].join("\r\n");
}

describe("the request", () => {
  test("asks for the path and query, with what is given and what the protocol wants", () => {
    const url = socketUrl("wss://stream.example.com:9443/stream?streams=a@trade/b@trade");
    expect(upgradeRequest(url, { Cookie: "a=1; b=2", "user-agent": "x" }, KEY)).toBe(
      [
        "GET /stream?streams=a@trade/b@trade HTTP/1.1",
        "Host: stream.example.com:9443",
        "Cookie: a=1; b=2",
        "user-agent: x",
        "Sec-WebSocket-Version: 13",
        `Sec-WebSocket-Key: ${KEY}`,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "",
        "",
      ].join("\r\n"),
    );
  });

  test("lets a host be given, and none of the protocol's own headers", () => {
    const request = upgradeRequest(
      socketUrl("ws://[::1]:8080"),
      { host: "other", upgrade: "h2c", CONNECTION: "close" },
      KEY,
    );
    expect(request).toMatch(/^GET \/ HTTP\/1\.1\r\nhost: other\r\n/);
    expect(request.match(/^(host|upgrade|connection): .*$/gim)).toEqual([
      "host: other",
      "Upgrade: websocket",
      "Connection: Upgrade",
    ]);
    expect(upgradeRequest(socketUrl("ws://[::1]:8080"), {}, KEY)).toContain("\r\nHost: [::1]:8080\r\n");
  });

  test.each([{ "x-a": "1\r\nx-b: 2" }, { "x a": "1" }, { "x-a": "\u20ac" }])("refuses a header like %j", (headers) => {
    expect(() => upgradeRequest(socketUrl("ws://127.0.0.1"), headers, KEY)).toThrow(TypeError);
  });

  test.each(["http://a", "ws://a/#b", "ws://me:secret@a", "no URL", "ws+unix:///a"])("is not made for %s", (url) => {
    expect(() => socketUrl(url)).toThrow(SyntaxError);
  });
});

describe("the answer", () => {
  test("is read once it is whole, however it is cut", () => {
    const name = fc.stringMatching(/^[a-zA-Z-]{1,20}$/);
    const value = fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/);
    const headers = fc.uniqueArray(fc.tuple(name, value), { selector: ([its]) => its.toLowerCase(), maxLength: 8 });
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), headers, fc.string(), (status, given, rest) => {
        const whole = `HTTP/1.1 ${status} Word\r\n${given.map(([its, is]) => `${its}:  ${is} \r\n`).join("")}\r\n`;
        for (let at = 0; at < whole.length; at++) expect(readAnswer(whole.slice(0, at))).toBeUndefined();
        expect(readAnswer(whole + rest)).toEqual({
          status,
          headers: new Map(given.map(([its, is]) => [its.toLowerCase(), is])),
          length: whole.length,
        });
      }),
      { numRuns: 50 },
    );
  });

  test("may have interim ones before it", () => {
    const interim = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    expect(readAnswer(interim)).toBeUndefined();
    const last = "HTTP/1.0 502\r\nretry-after: 3\r\nretry-after: 4\r\n\r\n";
    expect(readAnswer(`${interim}${last}body`)).toEqual({
      status: 502,
      headers: new Map([["retry-after", "3, 4"]]),
      length: interim.length + last.length,
    });
  });

  test.each([
    "SSH-2.0-x",
    "\x15\x03\x01",
    "HTTP/2",
    "HTTP/1.1 OK\r\n\r\n",
    "HTTP/1.1 200\r\nno colon\r\n\r\n",
    "HTTP/1.1 099 a\r\n\r\n",
  ])("of another protocol is refused at once: %j", (text) => {
    expect(() => readAnswer(text)).toThrow("the handshake was answered with something that is not HTTP");
  });

  test("has a largest size", () => {
    expect(readAnswer(`HTTP/1.1 200 OK\r\na: ${"x".repeat(16_000)}`)).toBeUndefined();
    expect(() => readAnswer(`HTTP/1.1 200 OK\r\na: ${"x".repeat(16_400)}`)).toThrow("more than 16384 bytes");
  });
});

describe("a switch of protocols", () => {
  const good = ["Upgrade: WebSocket", "Connection: keep-alive, Upgrade", `Sec-WebSocket-Accept: ${ACCEPT}`];

  function problem(...lines: string[]): string | undefined {
    const read = readAnswer(answer(...lines));
    if (read === undefined) throw new Error("the answer is not whole");
    return problemOf(read, KEY);
  }

  test("is one when the server proves that it has read the key", () => {
    expect(problem(...good)).toBeUndefined();
    expect(problem(...good.slice(0, 2), "Sec-WebSocket-Accept: x")).toMatch(/wrong Sec-WebSocket-Accept$/);
    expect(problem(...good.slice(0, 2))).toMatch(/wrong Sec-WebSocket-Accept$/);
    expect(problem(...good, `sec-websocket-accept: ${ACCEPT}`)).toMatch(/wrong Sec-WebSocket-Accept$/);
  });

  test("must be to a WebSocket, with nothing that was not offered", () => {
    expect(problem("Upgrade: h2c", ...good.slice(1))).toMatch(/wrong Upgrade$/);
    expect(problem("Upgrade: websocket", "Connection: close", good[2] as string)).toMatch(/wrong Connection$/);
    expect(problem(...good, "Sec-WebSocket-Extensions: permessage-deflate")).toMatch(
      /an extension that was not offered$/,
    );
    expect(problem(...good, "Sec-WebSocket-Protocol: soap")).toMatch(/a subprotocol that was not asked for$/);
  });
});
