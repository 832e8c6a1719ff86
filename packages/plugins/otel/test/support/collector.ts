import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** A value as OTLP's JSON has it. */
type AnyValue = { stringValue?: string; doubleValue?: number; intValue?: string | number; arrayValue?: unknown };
interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

export interface Point {
  readonly attributes: KeyValue[];
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly asDouble?: number;
  readonly count?: string | number;
  readonly sum?: number;
  readonly bucketCounts?: (string | number)[];
  readonly explicitBounds?: number[];
}

export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly sum?: {
    readonly dataPoints: Point[];
    readonly isMonotonic: boolean;
    readonly aggregationTemporality: number;
  };
  readonly gauge?: { readonly dataPoints: Point[] };
  readonly histogram?: { readonly dataPoints: Point[]; readonly aggregationTemporality: number };
}

export interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: KeyValue[];
}

interface Resource {
  readonly attributes: KeyValue[];
}

interface MetricsRequest {
  readonly resourceMetrics: {
    readonly resource: Resource;
    readonly scopeMetrics: { readonly scope: { readonly name: string }; readonly metrics: Metric[] }[];
  }[];
}

interface TraceRequest {
  readonly resourceSpans: { readonly resource: Resource; readonly scopeSpans: { readonly spans: ReceivedSpan[] }[] }[];
}

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** Attributes as an object. */
export function plain(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.doubleValue ?? Number(value.intValue)]),
  );
}

/** An OTLP collector on loopback that keeps what it is sent. */
export async function startCollector() {
  const received: Received[] = [];
  let status = 200;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    if (status === 200) received.push({ path: request.url ?? "", headers: request.headers, body });
    response.writeHead(status, { "content-type": "application/json" }).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const of = (path: string) => received.filter((one) => one.path === path);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    /** What it answers from now on. */
    answer: (next: number) => {
      status = next;
    },
    /** The resources of what came to `/v1/metrics`, each with its metrics. */
    metrics() {
      return of("/v1/metrics").flatMap(({ body }) => {
        const { resourceMetrics } = body as MetricsRequest;
        return resourceMetrics.map(({ resource, scopeMetrics }) => ({
          resource: plain(resource.attributes),
          scopes: scopeMetrics.map(({ scope }) => scope.name),
          metrics: scopeMetrics.flatMap(({ metrics }) => metrics),
        }));
      });
    },
    /** All spans that came to `/v1/traces`. */
    spans() {
      return of("/v1/traces").flatMap(({ body }) => {
        const { resourceSpans } = body as TraceRequest;
        return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
      });
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
