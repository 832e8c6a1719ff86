import { createSystemClock } from "@pitlane/perf";
import { seededRandom } from "@pitlane/perf/testing";
import { afterEach, expect, test, vi } from "vitest";
import { createSinks } from "../../../src/alerts/notify/create-sinks.ts";
import { Notifier } from "../../../src/alerts/notify/notifier.ts";
import { type AlertSink, DeliveryError } from "../../../src/alerts/notify/sink.ts";
import { createTelegramSink, fit } from "../../../src/alerts/notify/telegram.ts";
import { createWebhookSink } from "../../../src/alerts/notify/webhook.ts";
import type { Alert } from "../../../src/alerts/rules.ts";
import { alertOf, messageOf, resolvedOf } from "./alert.ts";
import { receive } from "./http-server.ts";

const TOKEN = "123456:AAF-secret_of_the_bot";
const signal = new AbortController().signal;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function server(reply?: Parameters<typeof receive>[0]) {
  const own = await receive(reply);
  closers.push(own.close);
  return own;
}

function opened(sink: AlertSink): AlertSink {
  closers.push(() => sink.close());
  return sink;
}

const webhook = (url: string, headers = {}) => opened(createWebhookSink({ url, headers, least: "warning" }));
const telegram = (baseUrl: string) =>
  opened(createTelegramSink({ botToken: TOKEN, chatId: "-100200", baseUrl, least: "warning" }));

async function failureOf(sink: AlertSink): Promise<DeliveryError> {
  const failure: unknown = await sink.send(messageOf(), signal).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DeliveryError);
  return failure as DeliveryError;
}

test("a webhook is posted JSON: who, when, a text for people, and each alert with its figures", async () => {
  const { url, got } = await server();
  const sink = webhook(`${url}/hook?key=1`, { authorization: "Bearer hook-secret" });
  await sink.send(messageOf(["raised", alertOf()], ["resolved", resolvedOf(alertOf({ id: "2" }))]), signal);
  expect(got).toHaveLength(1);
  expect(got[0]).toMatchObject({
    url: "/hook?key=1",
    headers: { "content-type": "application/json", authorization: "Bearer hook-secret" },
  });
  expect(got[0]?.body).toMatchObject({
    id: "run-0-1",
    run: "run",
    at: "2026-01-01T00:00:00.000Z",
    status: "raised",
    title: "Pitlane: 1 warning, 1 resolved",
    alerts: [
      {
        news: "raised",
        rule: "order-latency-p99",
        severity: "warning",
        value: 0.0612,
        threshold: 0.05,
        unit: "s",
        resolvedAt: null,
      },
      { news: "resolved", state: "resolved", resolvedAt: "2026-01-01T00:00:30.000Z" },
    ],
  });
  await sink.send(messageOf(["resolved", resolvedOf(alertOf())]), signal);
  expect(got[1]?.body).toMatchObject({ status: "resolved" });
});

test.each([
  [503, true],
  [429, true],
  [404, false],
  [401, false],
  [302, false],
])("an answer of %i is told with its number alone; another attempt: %s", async (status, retryable) => {
  const { url } = await server(() => ({
    status,
    body: "you said Bearer hook-secret",
    headers: { location: "/elsewhere" },
  }));
  const failure = await failureOf(webhook(`${url}/hook/s3cr3t-path`, { authorization: "Bearer hook-secret" }));
  expect(failure.message).toBe(`the other side answered ${status}`);
  expect(failure.retryable).toBe(retryable);
});

test("a Retry-After is waited for", async () => {
  const { url } = await server(() => ({ status: 429, headers: { "retry-after": "7" } }));
  expect((await failureOf(webhook(url))).retryAfterMs).toBe(7000);
});

test("a server that is not there may be back later; the address is not told", async () => {
  const gone = await receive();
  await gone.close();
  const sink = webhook(`${gone.url}/hook/s3cr3t-path`);
  const failure = await failureOf(sink);
  expect(failure.retryable).toBe(true);
  expect(failure.message).toContain("ECONNREFUSED");
  expect(`${sink.name} ${failure.message} ${failure.stack}`).not.toContain("s3cr3t-path");
  expect(sink.name).toBe(`webhook ${gone.host}`);
});

test("an attempt ends with its signal", async () => {
  const { url, got } = await server(() => null);
  const stop = new AbortController();
  const sent = webhook(url).send(messageOf(), stop.signal);
  await vi.waitFor(() => expect(got).toHaveLength(1));
  stop.abort(new Error("enough"));
  await expect(sent).rejects.toThrow("enough");
});

test("Telegram is sent sendMessage with the chat and plain text", async () => {
  const { url, got } = await server(() => ({ status: 200, body: '{"ok":true}' }));
  await telegram(`${url}/`).send(messageOf(["raised", alertOf({ title: "a <b>bold</b> & wild title" })]), signal);
  expect(got[0]?.url).toBe(`/bot${TOKEN}/sendMessage`);
  expect(got[0]?.body).toEqual({
    chat_id: "-100200",
    text: "Pitlane: 1 warning (run run)\nwarning: a <b>bold</b> & wild title is 61.2 ms, threshold 50 ms",
    link_preview_options: { is_disabled: true },
  });
});

test("what Telegram says of a failure is told, its wait is kept, and the token is in neither", async () => {
  const body = JSON.stringify({
    ok: false,
    error_code: 429,
    description: `Too Many Requests: retry after 5 (bot${TOKEN})`,
    parameters: { retry_after: 5 },
  });
  const { url } = await server(() => ({ status: 429, body }));
  const sink = telegram(url);
  const failure = await failureOf(sink);
  expect(failure).toMatchObject({ retryable: true, retryAfterMs: 5000 });
  expect(failure.message).toBe("the other side answered 429: Too Many Requests: retry after 5 (bot[secret])");
  expect(`${sink.name} ${failure.stack}`).not.toContain(TOKEN);
});

test("an answer that is not the API's is told by its status", async () => {
  const { url } = await server(() => ({ status: 502, body: "<html>bad gateway</html>" }));
  expect((await failureOf(telegram(url))).message).toBe("the other side answered 502");
});

test("a text that is too long loses whole lines, and says how many", () => {
  const text = ["first", ...Array.from({ length: 500 }, (_, i) => `warning: number ${i}`)].join("\n");
  const short = fit(text, 4096);
  expect(short.length).toBeLessThanOrEqual(4096);
  const lines = short.split("\n");
  expect(lines.at(-1)).toBe(`… and ${501 - (lines.length - 1)} more`);
  expect(fit("x".repeat(5000), 4096).length).toBeLessThanOrEqual(4096);
  expect(fit("short", 4096)).toBe("short");
});

test("raised, acknowledged or not, and resolved: a webhook and the log hear of it over real sockets, the log at once", async () => {
  const { url, got } = await server((request) => ({ status: request === 1 ? 503 : 200 }));
  const lines: string[] = [];
  const faults: string[] = [];
  const sinks = createSinks(
    { log: true, webhooks: [{ url, headers: {}, least: "warning" }], telegram: [], email: [] },
    (line) => lines.push(line),
  );
  const listeners: ((alert: Alert) => void)[] = [];
  const notifier = new Notifier({
    desk: {
      active: [],
      onChange: (listener) => {
        listeners.push(listener);
        return () => {};
      },
    },
    sinks,
    run: "run",
    groupMs: 20,
    repeatMs: 0,
    clock: createSystemClock(),
    random: seededRandom(),
    onFault: (message) => faults.push(message),
  });
  const change = (alert: Alert) => {
    for (const listener of listeners) listener(alert);
  };
  change(alertOf());
  await vi.waitFor(() => expect(lines).toEqual(["warning: p99 of order execution is 61.2 ms, threshold 50 ms"]));
  await vi.waitFor(() => expect(got).toHaveLength(2), { timeout: 10_000 }); // the first attempt was refused
  expect(got[1]?.body).toEqual(got[0]?.body);
  change(resolvedOf(alertOf()));
  await notifier.close();
  expect(got[2]?.body).toMatchObject({ status: "resolved" });
  expect(lines).toHaveLength(2);
  expect(faults).toEqual([]);
});
