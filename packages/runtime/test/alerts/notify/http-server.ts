import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server on loopback that keeps what it is sent. @param reply Of the request with this number, from 1; null for none at all. */
export async function receive(reply: (request: number) => Reply | null = () => ({ status: 200 })) {
  const got: Received[] = [];
  const server = createServer((incoming, outgoing) => {
    let text = "";
    incoming.on("data", (data: Buffer) => {
      text += data.toString();
    });
    incoming.on("end", () => {
      got.push({ url: incoming.url ?? "", headers: incoming.headers, body: JSON.parse(text) });
      const answer = reply(got.length);
      if (answer === null) return;
      outgoing.writeHead(answer.status, answer.headers).end(answer.body ?? "");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    got,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
