import { isIP } from "node:net";
import { InvalidInputError } from "@pitlane/perf";
import { check } from "./checks.ts";

/** Nothing can listen there: no such host, no address of this machine, no right to the port. The message says which, and what helps. */
export class CannotListenError extends InvalidInputError {
  override readonly code: string = "CANNOT_LISTEN";

  constructor(message: string, options?: ErrorOptions) {
    check(typeof message === "string", "message", "text", message);
    super(message, options);
  }
}

/** The port is in use. Another one, or 0 for a free one, helps. */
export class PortInUseError extends CannotListenError {
  override readonly code = "PORT_IN_USE";
}

const HOST_RULE =
  "a host name or an IP address of this machine, without scheme, port and brackets, such as 127.0.0.1, ::1 or localhost; " +
  "0.0.0.0 listens on all interfaces";
const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const NAME = new RegExp(`^(?:${LABEL}\\.)*${LABEL}$`, "i");
const NUMBER_LAST = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/i; // resolvers and URLs take such a name for an address
const MOST_CHARACTERS = 253;

/** An empty one, and one that is no text, would listen on all interfaces. @throws {InvalidInputError} Naming `host` and its rule. */
export function checkHost(host: string): string {
  check(typeof host === "string" && (isAddress(host) || isName(host)), "host", HOST_RULE, host);
  return host;
}

/** `host:port`, with an IPv6 address in brackets. */
export function placeOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Why a server that shall listen there does not, from what Node says of it. Pure. */
export function listenError(host: string, port: number, cause: NodeJS.ErrnoException): CannotListenError {
  const { code = cause.message, syscall } = cause;
  if (code === "EADDRINUSE") {
    const text = `port ${port} of ${host} is in use: choose another port, or 0 for a free one`;
    return new PortInUseError(text, { cause });
  }
  const failed = `cannot listen on port ${port} of host "${host}" (${code})`;
  return new CannotListenError(`${failed}: ${remedyOf(code, syscall)}`, { cause });
}

function remedyOf(code: string, syscall: string | undefined): string {
  if (syscall === "getaddrinfo") return "the name has no address; give an address of this machine, such as 127.0.0.1";
  switch (code) {
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
    case "EINVAL":
      return "it is no address of this machine; give one that is, such as 127.0.0.1";
    case "EACCES":
    case "EPERM":
      return "that needs rights this process does not have; choose a port above 1023, or 0 for a free one";
    default:
      return "choose another host or port";
  }
}

// A zone, as in fe80::1%eth0, cannot stand in a URL.
function isAddress(host: string): boolean {
  return isIP(host) !== 0 && !host.includes("%");
}

function isName(host: string): boolean {
  return host.length <= MOST_CHARACTERS && NAME.test(host) && !NUMBER_LAST.test(host);
}
