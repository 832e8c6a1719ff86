import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";

/** Counts what reaches servers of this process that listen on `ports`: connections taken and requests begun. */
export function countRequests(ports: readonly number[]): { readonly count: () => number; readonly stop: () => void } {
  let count = 0;
  const onRequest = (message: unknown) => {
    const { socket } = (message as { readonly request: IncomingMessage; readonly server: Server }).request;
    if (ports.includes(socket.localPort ?? 0)) count++;
  };
  const onSocket = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket };
    if (ports.includes(socket.localPort ?? 0)) count++;
  };
  subscribe("http.server.request.start", onRequest);
  subscribe("net.server.socket", onSocket);
  return {
    count: () => count,
    stop() {
      unsubscribe("http.server.request.start", onRequest);
      unsubscribe("net.server.socket", onSocket);
    },
  };
}
