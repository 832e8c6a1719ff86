import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { gunzipSync } from "node:zlib";
import { InvalidInputError } from "@pitlane/perf";
import * as v from "valibot";
import { expect, onTestFinished, test } from "vitest";
import { openExporter } from "../src/observer.ts";
import { prometheusSettings } from "../src/settings.ts";
import { createFakeSession } from "./support/fake-session.ts";

async function setUp(settings: Readonly<Record<string, unknown>> = {}) {
  const session = createFakeSession();
  const events = session.registry.counter("pitlane_events_total", { help: "Market events." });
  const observer = await openExporter(session, v.parse(prometheusSettings, { port: 0, ...settings }));
  onTestFinished(() => observer.close());
  const url = new URL(observer.lines![0]!.replace(/^metrics +/, ""));
  return { session, events, observer, url };
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** By Node's own client: `fetch` sets Host and unpacks by itself. */
async function ask(
  url: URL,
  method = "GET",
  headers: Record<string, string> = {},
  path = url.pathname,
): Promise<Answer> {
  const sent = request({ host: url.hostname, port: url.port, path, method, headers, agent: false });
  sent.end();
  const [response] = await once(sent, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

test("serves the session's metrics, its stages and its alerts on loopback", async () => {
  const { session, events, url } = await setUp();
  events.inc(7);
  session.latencies.ack.record(1_500_000);
  const { status, headers, body } = await ask(url);
  expect(url.hostname).toBe("127.0.0.1");
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = body.toString();
  expect(text).toContain("pitlane_events_total 7\n");
  expect(text).toContain('pitlane_stage_duration_seconds_bucket{stage="ack",le="0.002"} 1\n');
  expect(text).toContain('pitlane_stage_duration_seconds_bucket{stage="ack",le="0.001"} 0\n');
  expect(text).toContain('pitlane_alerts_active{severity="critical"} 0\n');
});

test("gzips for whom takes it, and says the same", async () => {
  const { url } = await setUp();
  const plain = await ask(url);
  const zipped = await ask(url, "GET", { "accept-encoding": "gzip" });
  expect(plain.headers["content-encoding"]).toBeUndefined();
  expect(zipped.headers["content-encoding"]).toBe("gzip");
  expect(zipped.body.length).toBeLessThan(plain.body.length);
  expect(gunzipSync(zipped.body).toString()).toBe(plain.body.toString());
});

test("answers HEAD as GET without the body", async () => {
  const { url } = await setUp();
  const get = await ask(url);
  const head = await ask(url, "HEAD");
  expect(head).toMatchObject({ status: 200, headers: { "content-length": String(get.body.length) } });
  expect(head.body.length).toBe(0);
});

test("makes the text once a sample, however often it is scraped", async () => {
  const { session, events, url } = await setUp();
  for (let scrape = 0; scrape < 5; scrape++) await ask(url);
  expect(session.renderings).toBe(1);
  events.inc();
  expect((await ask(url)).body.toString()).toContain("pitlane_events_total 0\n");
  session.next();
  expect((await ask(url, "GET", { "accept-encoding": "gzip" })).status).toBe(200);
  expect((await ask(url)).body.toString()).toContain("pitlane_events_total 1\n");
  expect(session.renderings).toBe(2);
});

test("refuses other names, paths and methods", async () => {
  const { url } = await setUp();
  expect((await ask(url, "GET", { host: "evil.example" })).status).toBe(421);
  expect((await ask(url, "GET", {}, "/")).status).toBe(404);
  expect(await ask(url, "POST")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
});

test("asks for the token where there is one", async () => {
  const token = "0123456789abcdef";
  const { url } = await setUp({ token });
  expect(await ask(url)).toMatchObject({ status: 401, headers: { "www-authenticate": "Bearer" } });
  expect((await ask(url, "GET", { authorization: `Bearer ${token}` })).status).toBe(200);
});

test("a session whose metrics fail is told so, and the scrape gets a 500 without the reason", async () => {
  const { session, url } = await setUp();
  session.registry.counter("broken_total", { help: "Fails." });
  Object.defineProperty(session.samples, "metrics", {
    value: () => {
      throw new Error("a planted fault");
    },
  });
  const { status, body } = await ask(url);
  expect(status).toBe(500);
  expect(body.toString()).not.toContain("planted");
  expect(session.said).toEqual(["prometheus: a scrape failed: a planted fault"]);
});

test("a port that is taken is an error that says what to do", async () => {
  const { url } = await setUp();
  await expect(
    openExporter(createFakeSession(), v.parse(prometheusSettings, { port: Number(url.port) })),
  ).rejects.toThrow(InvalidInputError);
});

test("closes although a scraper holds its connection open", async () => {
  const { observer, url } = await setUp();
  const socket = connect(Number(url.port), url.hostname);
  await once(socket, "connect");
  socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket, "data");
  const ended = once(socket, "close");
  socket.resume();
  await observer.close();
  await ended;
});

test("settings: a host that others reach needs a token, and what is not known is refused", () => {
  const isValid = (settings: unknown) => v.safeParse(prometheusSettings, settings).success;
  expect(v.parse(prometheusSettings, {})).toEqual({ host: "127.0.0.1", port: 9464, path: "/metrics" });
  expect(isValid({ host: "0.0.0.0" })).toBe(false);
  expect(isValid({ host: "0.0.0.0", token: "short" })).toBe(false);
  expect(isValid({ host: "0.0.0.0", token: "0123456789abcdef" })).toBe(true);
  for (const bad of [
    { port: -1 },
    { port: 1.5 },
    { port: 70_000 },
    { path: "metrics" },
    { path: "/a b" },
    { hosts: "x" },
  ])
    expect(isValid(bad)).toBe(false);
});
