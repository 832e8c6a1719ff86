import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { InvalidInputError } from "@pitlane/perf";
import { PROMETHEUS_CONTENT_TYPE } from "@pitlane/perf/metrics";
import { type AccessRules, refuse, takesGzip } from "./access.ts";
import type { Exposition } from "./exposition.ts";

const MOST_CONNECTIONS = 32;
const REQUEST_MS = 5_000;

export interface MetricsServerOptions extends AccessRules {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly exposition: Pick<Exposition, "text" | "zipped">;
  /** Told of what goes wrong while a request is answered. */
  readonly onFault: (message: string) => void;
}

export interface MetricsServer {
  /** Where the metrics are. */
  readonly url: string;
  /** Ends it and all its connections. */
  close(): Promise<void>;
}

/**
 * Serves an exposition over HTTP. At most 32 connections; further ones are closed. A request that takes over 5 s to arrive is given up.
 *
 * @throws {InvalidInputError} When it cannot listen there.
 */
export async function openMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { host, port, path, onFault } = options;
  const server = createServer({ headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS }, (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      onFault(`a scrape failed: ${error instanceof Error ? error.message : String(error)}`);
      if (response.headersSent) response.destroy();
      else reply(response, request.method, 500, { "content-type": "text/plain" }, "the metrics could not be made\n");
    });
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInputError(
      `metrics cannot be served on ${host}:${port} (${reason}): set another port, or 0 for any that is free`,
      { cause: error },
    );
  }
  server.on("error", (error) => onFault(`the metrics server: ${error.message}`)); // of a connection that it could not take
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}${path}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { exposition, ...rules }: MetricsServerOptions,
): Promise<void> {
  const refusal = refuse(request, rules);
  if (refusal !== undefined) {
    const headers = { "content-type": "text/plain; charset=utf-8", ...refusal.headers };
    return reply(response, request.method, refusal.status, headers, `${refusal.reason}\n`);
  }
  const isZipped = takesGzip(request.headers["accept-encoding"]?.toString());
  const body = isZipped ? await exposition.zipped() : exposition.text();
  const headers = {
    "content-type": PROMETHEUS_CONTENT_TYPE,
    "cache-control": "no-store",
    vary: "accept-encoding",
    ...(isZipped ? { "content-encoding": "gzip" } : {}),
  };
  reply(response, request.method, 200, headers, body);
}

function reply(
  response: ServerResponse,
  method: string | undefined,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): void {
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(method === "HEAD" ? undefined : body);
}
