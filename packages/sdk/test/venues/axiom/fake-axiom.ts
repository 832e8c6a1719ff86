import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { localUrls } from "../../../src/venues/axiom/index.ts";

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  // biome-ignore lint/suspicious/noExplicitAny: looked into as JSON
  readonly body: any;
  readonly headers: IncomingHttpHeaders;
}

/** What a fake answers; undefined: nothing, so that the caller waits. `"reset"`: the connection ends. */
export type FakeAnswer =
  | {
      readonly status?: number;
      readonly headers?: Record<string, string | string[]>;
      readonly json?: unknown;
      readonly text?: string;
    }
  | "reset"
  | undefined;

export interface FakeOptions {
  readonly answer?: (request: FakeRequest, count: number) => FakeAnswer;
  /** HTTP status that a handshake is refused with; undefined lets it in. */
  readonly refuse?: (headers: IncomingHttpHeaders, count: number) => number | undefined;
  readonly onSocket?: (socket: WebSocket, url: string) => void;
}

/** A venue that does what a test says: for single rules, and for what no honest venue does. Ends with the test. */
export async function fakeAxiom({
  answer = () => undefined,
  refuse = () => undefined,
  onSocket = () => {},
}: FakeOptions) {
  const requests: FakeRequest[] = [];
  const sockets: WebSocket[] = [];
  const socketUrls: string[] = [];
  const handshakes: IncomingHttpHeaders[] = [];
  const connections = new Set<Socket>();
  const http = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url ?? "/", "http://fake");
    const text = Buffer.concat(chunks).toString("utf8");
    const { method = "", headers } = incoming;
    const request = { method, path: url.pathname, query: url.searchParams, body: tryJson(text), headers };
    requests.push(request);
    const count = requests.filter(({ path }) => path === request.path).length;
    const given = answer(request, count);
    if (given === undefined) return;
    if (given === "reset") return void incoming.socket.destroy();
    const { status = 200, headers: sent = {}, json } = given;
    response.writeHead(status, { "content-type": json === undefined ? "text/html" : "application/json", ...sent });
    response.end(json === undefined ? given.text : JSON.stringify(json));
  });
  http.on("connection", (socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
  });
  const ws = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  http.on("upgrade", (request, socket, head) => {
    handshakes.push(request.headers);
    const status = refuse(request.headers, handshakes.length);
    if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    ws.handleUpgrade(request, socket, head, (accepted) => {
      sockets.push(accepted);
      socketUrls.push(request.url ?? "");
      onSocket(accepted, request.url ?? "");
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of connections) socket.destroy();
    ws.close();
    await new Promise((resolve) => http.close(resolve));
  });
  const { port } = http.address() as AddressInfo;
  const paths = () => requests.map(({ path }) => path);
  return {
    urls: localUrls(`http://127.0.0.1:${port}`, `ws://127.0.0.1:${port}`),
    ...{ requests, sockets, socketUrls, handshakes, paths },
    /** Requests for a path. */
    of: (path: string) => requests.filter((request) => request.path === path),
  };
}

/** A token as the venue gives it, of a user, issued `ageS` seconds ago, that ends in `lifeS` seconds. */
export function token(user: string, lifeS: number, serial = 0, ageS = 0): string {
  const nowS = Math.floor(Date.now() / 1000);
  const claims = { authenticatedUserId: user, scope: "web", iat: nowS - ageS, exp: nowS + lifeS, serial };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part(claims)}.c2lnbmF0dXJl`;
}

export function authCookies(access: string, refresh?: string): string[] {
  const attributes = "Domain=.axiom.trade; Path=/; HttpOnly; Secure; SameSite=None";
  return [
    `auth-access-token=${access}; Max-Age=960; ${attributes}`,
    ...(refresh === undefined ? [] : [`auth-refresh-token=${refresh}; ${attributes}`]),
  ];
}

const PATIENCE_MS = 20_000; // less than a test may take, so that it is the condition which is told of

/** Resolves when `test` holds. */
export async function until(test: () => boolean): Promise<void> {
  const startedMs = performance.now();
  while (!test()) {
    if (performance.now() - startedMs > PATIENCE_MS) throw new Error(`this never came true: ${test}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
