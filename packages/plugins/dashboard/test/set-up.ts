import { get, type IncomingHttpHeaders, request } from "node:http";
import { parse } from "valibot";
import { createInlineReader } from "../src/reading/reader.ts";
import type { RuntimeParts } from "../src/runtime-parts.ts";
import { type OpenDashboard, serveDashboard } from "../src/server.ts";
import { type DashboardSettings, dashboardConfig } from "../src/settings.ts";
import type { PageFile } from "../src/static.ts";
import { createFakeSession, type FakeSession, type FakeSessionOptions } from "./fake-session.ts";

/** The token of dashboards that tests serve. */
export const TOKEN = "a-token-that-only-tests-know-of";

export interface Served {
  readonly session: FakeSession;
  readonly dashboard: OpenDashboard;
  /** Ends both. */
  close(): Promise<void>;
}

export interface ServeOptions extends FakeSessionOptions {
  readonly settings?: DashboardSettings;
  readonly page?: ReadonlyMap<string, PageFile>;
  readonly runtime?: Partial<RuntimeParts>;
}

/** Serves a made-up session at a free port of loopback. */
export async function serve(options: ServeOptions = {}): Promise<Served> {
  const { settings = {}, page = PAGE, runtime = {}, ...fake } = options;
  const session = createFakeSession(fake);
  try {
    const dashboard = await serveDashboard({
      session,
      settings: parse(dashboardConfig, { port: 0, ...settings }),
      token: settings.token ?? TOKEN,
      page,
      reader: createInlineReader(),
      runtime: { updateTest: undefined, momentOf: undefined, ...runtime },
      addresses: ["127.0.0.1"],
    });
    return {
      session,
      dashboard,
      async close() {
        await dashboard.close();
        session.close();
      },
    };
  } catch (error) {
    session.close();
    throw error;
  }
}

const PAGE: ReadonlyMap<string, PageFile> = new Map([
  [
    "/index.html",
    { type: "text/html; charset=utf-8", bytes: Buffer.from("<!doctype html><p>page</p>"), isHashed: false },
  ],
  [
    "/assets/page-1a2b.js",
    { type: "text/javascript; charset=utf-8", bytes: Buffer.from("export {};"), isHashed: true },
  ],
]);

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of a body that is JSON. */
  readonly json: unknown;
}

export interface AskOptions {
  readonly method?: string;
  /** In place of those that a browser would send. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A request with exactly these headers: what a browser sends by itself is not added. */
export function ask(
  dashboard: OpenDashboard,
  path: string,
  { method = "GET", headers = {}, body }: AskOptions = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port: dashboard.port, path, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers["content-type"]?.includes("json") === true && text !== "";
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: isJson ? JSON.parse(text) : undefined,
          });
        });
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}

/** The cookie that the link gives. */
export async function enter(dashboard: OpenDashboard): Promise<string> {
  const { search } = new URL(dashboard.link);
  const { headers } = await ask(dashboard, `/${search}`);
  return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

/** Asks as the page does. */
export async function askApi(dashboard: OpenDashboard, path: string): Promise<Reply> {
  return ask(dashboard, `/api/${path}`, { headers: { cookie: await enter(dashboard) } });
}

/** Posts an action as the page does. */
export async function act(dashboard: OpenDashboard, name: string, body: unknown): Promise<Reply> {
  const cookie = await enter(dashboard);
  const origin = dashboard.url.slice(0, -1);
  return ask(dashboard, `/api/actions/${name}`, {
    method: "POST",
    headers: { cookie, origin, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

export interface PushedEvent {
  readonly name: string;
  readonly id: string;
  readonly data: unknown;
}

export interface OpenStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The next event of this name; those before it are passed over. */
  next(name: string): Promise<PushedEvent>;
  close(): void;
}

/** Opens the stream of events as a page does. */
export async function openStream(dashboard: OpenDashboard, query = ""): Promise<OpenStream> {
  const cookie = await enter(dashboard);
  return new Promise((resolve, reject) => {
    const sent = get(
      { host: "127.0.0.1", port: dashboard.port, path: `/api/stream${query}`, headers: { cookie }, agent: false },
      (response) => {
        const events: PushedEvent[] = [];
        let wake: () => void = () => {};
        let rest = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          const blocks = (rest + text).split("\n\n");
          rest = blocks.pop() ?? "";
          events.push(...blocks.flatMap(parseEvent));
          wake();
        });
        response.on("error", () => wake());
        response.on("close", () => wake());
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          async next(name) {
            for (;;) {
              const event = events.shift();
              if (event?.name === name) return event;
              if (event !== undefined) continue;
              if (response.destroyed) throw new Error(`the stream ended before an event "${name}"`);
              await new Promise<void>((done) => {
                wake = done;
              });
            }
          },
          close: () => sent.destroy(),
        });
      },
    );
    sent.on("error", reject);
  });
}

function parseEvent(block: string): PushedEvent[] {
  const fields = new Map(
    block.split("\n").map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  const data = fields.get("data");
  if (data === undefined) return []; // a comment, or the time to wait
  return [{ name: fields.get("event") ?? "message", id: fields.get("id") ?? "", data: JSON.parse(data) }];
}
