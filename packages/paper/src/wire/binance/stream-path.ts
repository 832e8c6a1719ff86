import { parseTimeUnit, type TimeUnit } from "./time-unit.ts";

/** What the URL of a WebSocket connection asks for. */
export type SocketTarget =
  | { readonly kind: "api"; readonly unit: TimeUnit; readonly showsRateLimits: boolean }
  | {
      readonly kind: "streams";
      readonly unit: TimeUnit;
      readonly combined: boolean;
      readonly names: readonly string[];
    };

/**
 * Reads the URL of a WebSocket connection; undefined when the path is none of the venue's.
 *
 * `/ws-api/v3` is the API. A path with a segment `ws` is a raw stream socket, the segments after it are stream names; numbers and
 * other segments without `@` or `!` are not, because ccxt counts its sockets there (`/stream/ws/0`). A path that ends with
 * `/stream` is a combined one, with names in `?streams=a/b`.
 *
 * @throws {VenueRefusal} -1194 for a bad `timeUnit`.
 */
export function parseTarget(url: string): SocketTarget | undefined {
  const mark = url.indexOf("?");
  const segments = (mark < 0 ? url : url.slice(0, mark)).split("/").filter((segment) => segment !== "");
  const query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
  const unit = parseTimeUnit(query.get("timeUnit"));
  if (segments[segments.length - 2] === "ws-api" && segments[segments.length - 1] === "v3") {
    return { kind: "api", unit, showsRateLimits: query.get("returnRateLimits") !== "false" };
  }
  const raw = segments.indexOf("ws");
  if (raw >= 0) {
    return {
      kind: "streams",
      unit,
      combined: false,
      names: segments
        .slice(raw + 1)
        .map(decodeURIComponent)
        .filter(isStreamName),
    };
  }
  if (segments[segments.length - 1] !== "stream") return undefined;
  const names = (query.get("streams") ?? "").split("/").filter((name) => name !== "");
  return { kind: "streams", unit, combined: true, names };
}

function isStreamName(segment: string): boolean {
  return segment.includes("@") || segment.startsWith("!");
}
