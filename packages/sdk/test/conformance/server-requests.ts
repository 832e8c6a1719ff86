import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";

export interface ServerCounts {
  /** Connections taken and requests begun so far. */
  count(): number;
  /** Connections that are open now. */
  openSockets(): number;
  stop(): void;
}

/** Counts what reaches servers of this process that listen on `ports`. */
export function countRequests(ports: readonly number[]): ServerCounts {
  let count = 0;
  const open = new Set<Socket>();
  const onRequest = (message: unknown) => {
    const { socket } = (message as { readonly request: IncomingMessage; readonly server: Server }).request;
    if (ports.includes(socket.localPort ?? 0)) count++;
  };
  const onSocket = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket };
    if (!ports.includes(socket.localPort ?? 0)) return;
    count++;
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  };
  subscribe("http.server.request.start", onRequest);
  subscribe("net.server.socket", onSocket);
  return {
    count: () => count,
    openSockets: () => open.size,
    stop() {
      unsubscribe("http.server.request.start", onRequest);
      unsubscribe("net.server.socket", onSocket);
    },
  };
}
