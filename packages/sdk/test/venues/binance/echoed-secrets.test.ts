import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { RequestError } from "../../../src/index.ts";
import { createBinance } from "../../../src/venues/binance/index.ts";
import { FakeVenue } from "../../support/fake-venue.ts";
import { testInstrument } from "../../support/instruments.ts";
import { rejectionOf } from "../../support/rejection.ts";

const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const apiKey = "planted/key+with=signs<0123456789>";
const instrument = testInstrument();
const ref = { instrument, clientOrderId: "mine-1" };
const order = {
  ...ref,
  type: "limit",
  side: "buy",
  sizeLots: 1_000,
  priceTicks: 6_000_000,
  timeInForce: "GTC",
} as const;

const hmacSecret = 'planted/secret+"for"=<hmac>0123456789';

const escaped = (text: string) =>
  Array.from(text, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

/** How a venue may write what it was sent, inside of a JSON text. */
const WAYS: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => JSON.stringify(text).slice(1, -1),
  percent: encodeURIComponent,
  base64: (text) => Buffer.from(`x-mbx-apikey: ${text}`).toString("base64"),
  "escaped slashes": (text) => JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/"),
  "escaped signs": (text) => text.replace(/[^A-Za-z0-9 ]/g, escaped),
  "escaped letters": escaped,
  "percent, twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  "JSON in JSON": (text) => JSON.stringify(JSON.stringify(text)).slice(1, -1),
  HTML: (text) => text.replace(/[^A-Za-z0-9 ]/g, (sign) => `&#${sign.charCodeAt(0)};`),
  hex: (text) => Buffer.from(text).toString("hex"),
};

/** What a reader can make of `text`: itself, and what is encoded in it. */
function readingsOf(text: string): string {
  const unescaped = text.replace(/\\+u([0-9a-f]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  const percent = text.replace(/(?:%[0-9A-F]{2})+/g, (codes) => decodeURIComponent(codes));
  const hex = [...text.matchAll(/[0-9a-f]{16,}/g)].map(([found]) => Buffer.from(found, "hex").toString("utf8"));
  const base64 = [...text.matchAll(/[A-Za-z0-9+/]{16,}/g)].map(([found]) =>
    Buffer.from(found, "base64").toString("latin1"),
  );
  return [text, unescaped, text.replaceAll("\\/", "/"), percent, ...hex, ...base64].join("\n");
}

for (const [name, write] of Object.entries(WAYS)) {
  for (const orderTransport of ["rest", "webSocket"] as const) {
    for (const secretKind of ["HMAC", "Ed25519"]) {
      test(`no error of ${orderTransport} with ${secretKind} shows what the venue echoes, ${name}`, async () => {
        const apiSecret = secretKind === "HMAC" ? hmacSecret : pem;
        const signatures = new Set<string>();
        const refusal = (words: string, signature: string | null | undefined) => {
          if (signature) signatures.add(signature);
          const text = write(
            [apiKey, signature, encodeURIComponent(signature ?? ""), `${apiKey}:${apiSecret}`].join(" | "),
          );
          return `{"code":-1100,"msg":"bad: ${text} ${words}","data":{"${text}":["${text}"]}}`;
        };
        const venue = await FakeVenue.create({
          onRequest: ({ method, params }, response) =>
            response.writeHead(method === "DELETE" ? 200 : 400).end(refusal("of REST", params.get("signature"))),
          onSocket: (socket) => {
            let sent = ""; // a session's signature may be quoted long after
            socket.on("message", (data) => {
              const { id, method, params } = JSON.parse(String(data));
              sent = params?.signature ?? sent;
              const of = refusal("of a socket", sent);
              socket.send(
                method === "session.logon"
                  ? `{"id":${id},"status":200,"result":{}}`
                  : `{"id":${id},"status":400,"error":${of}}`,
              );
            });
          },
        });
        const credentials = { apiKey, apiSecret };
        const client = createBinance({ urls: venue.urls, credentials, orderTransport, clockSync: false, retries: 0 });
        onTestFinished(async () => {
          await client.close();
          await venue.close();
        });
        const streamErrors: Error[] = [];
        const stream = client.stream.user({
          instruments: [instrument],
          onReport: () => {},
          onBalances: () => {},
          onReconnected: () => {},
          onError: (error) => streamErrors.push(error),
        });
        const errors = [
          await rejectionOf(client.orders.submit(order)),
          await rejectionOf(client.orders.get(ref)),
          await rejectionOf(client.orders.cancel(ref)),
          await rejectionOf(client.account.getBalances()),
          await rejectionOf(stream.ready),
          ...streamErrors,
        ];
        for (const error of errors) expect(error).toBeInstanceOf(RequestError);
        expect(errors[0]?.message).toContain("[secret]");
        expect(signatures.size).toBeGreaterThan(0);
        const shown = errors.map(
          (error) => inspect(error, { depth: 20, showHidden: true, maxStringLength: null }) + error.stack,
        );
        const readable = readingsOf(shown.join("\n"));
        for (const secret of [apiKey, apiSecret, ...signatures]) expect(readable).not.toContain(secret);
      });
    }
  }
}
