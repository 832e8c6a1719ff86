/**
 * A venue in a process of its own that floods its clients: `fork(flood.mjs, ["depth" | "trade"])` sends its port, answers what a
 * Binance client asks before it streams, and from the message "go" on writes frames as fast as the client takes them.
 *
 * Frames are made once; only their sequences are written anew. On `/stream` they are wrapped with their stream's name.
 */
import { createServer } from "node:http";
import { exchangeInfo, frame, switching } from "./venue-parts.mjs";

const BLOCK = 1_024; // frames a write
const FIRST = 100_000_000_000; // sequences have 12 digits all the time
const [kind = "depth"] = process.argv.slice(2);
const stream = kind === "depth" ? "btcusdt@depth@100ms" : "btcusdt@trade";

/** @type {Set<() => void>} */
const waiting = new Set();
let isGoing = false;
process.on("message", () => {
  isGoing = true;
  for (const start of waiting) start();
});
process.on("disconnect", () => process.exit());

/** @param {number} n */
const digits = (n) => String(n).padStart(8, "0");

/** @param {1 | -1} side @param {number} n @param {number} i */
function row(side, n, i) {
  const size =
    (n * 13 + i * 5) % 4 === 0 ? "0.00000000" : `${(n + i) % 9}.${digits(((n * 7_919 + i) % 99_999) * 1_000)}`;
  return `["${priceAt(side, 1 + ((n * 7 + i * 3) % 400))}","${size}"]`;
}

/** @param {1 | -1} side @param {number} ticks From 61,000. */
function priceAt(side, ticks) {
  const cents = 6_100_000 + side * ticks;
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}000000`;
}

/** As deep as the venue's own by default. @param {1 | -1} side */
function snapshot(side) {
  return Array.from({ length: 1_000 }, (_, i) => [priceAt(side, 1 + i), "1.00000000"]);
}

/** @param {number} n */
function payload(n) {
  if (kind === "trade") {
    const q = `0.${digits((n % 997) * 1_000 + 1_000)}`;
    return `{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":${FIRST},"p":"61000.01000000","q":"${q}","T":1723161255342,"m":${n % 2 === 0},"M":true}`;
  }
  const rows = (/** @type {1 | -1} */ side) => Array.from({ length: 10 }, (_, i) => row(side, n, i)).join(",");
  return `{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":${FIRST},"u":${FIRST},"b":[${rows(-1)}],"a":[${rows(1)}]}`;
}

/** @param {boolean} isWrapped */
function makeBlock(isWrapped) {
  /** @type {Buffer[]} */
  const parts = [];
  /** @type {number[][]} */
  const places = []; // of each frame's sequences
  let length = 0;
  for (let n = 0; n < BLOCK; n++) {
    const bytes = frame(isWrapped ? `{"stream":"${stream}","data":${payload(n)}}` : payload(n));
    const at = [];
    for (let i = bytes.indexOf(String(FIRST)); i >= 0; i = bytes.indexOf(String(FIRST), i + 1)) at.push(length + i);
    places.push(at);
    parts.push(bytes);
    length += bytes.length;
  }
  return { bytes: Buffer.concat(parts), places };
}

/** @param {import("node:net").Socket} socket @param {URL} url */
function serve(socket, { pathname, searchParams }) {
  const isWrapped = pathname === "/stream";
  const blocks = [makeBlock(isWrapped), makeBlock(isWrapped)]; // one is written while the other is on its way
  let sequence = FIRST;
  let which = 0;
  const next = (/** @type {number} */ frames) => {
    const { bytes, places } = /** @type {ReturnType<typeof makeBlock>} */ (blocks[which]);
    which = 1 - which;
    for (let n = 0; n < frames; n++) {
      sequence++;
      let left = sequence;
      const at = /** @type {number[]} */ (places[n]);
      for (let digit = 11; digit >= 0; digit--) {
        const code = 48 + (left % 10);
        left = Math.floor(left / 10);
        for (const place of at) bytes[place + digit] = code;
      }
    }
    return frames === BLOCK ? bytes : bytes.subarray(0, endOf(bytes, frames));
  };
  const flood = () => {
    waiting.delete(flood);
    if (!socket.destroyed) socket.write(next(BLOCK), flood);
  };
  // A few frames, so that the client learns the stream and loads its snapshot before the flood.
  const begin = () => {
    socket.write(next(5));
    if (isGoing) flood();
    else waiting.add(flood);
  };
  let hasBegun = false;
  socket.on("close", () => waiting.delete(flood));
  socket.on("error", () => {});
  socket.on("data", (data) => {
    const text = unmasked(data);
    const id = /"id":\s*(\d+|"[^"]*")/.exec(text)?.[1];
    if (id === undefined) return;
    if (hasBegun) return; // what is asked for later would break into the flood
    hasBegun = true;
    socket.write(frame(`{"result":null,"id":${id}}`));
    begin();
  });
  if (searchParams.has("streams")) {
    hasBegun = true;
    begin();
  }
}

/** The text of a client's frame, of at most 64 KiB and read in one piece: clients send little here. @param {Buffer} data */
function unmasked(data) {
  const [first = 0, second = 0] = data;
  const from = (second & 127) === 126 ? 4 : 2;
  const mask = data.subarray(from, from + 4);
  const body = data.subarray(from + 4).map((byte, i) => byte ^ (mask[i & 3] ?? 0));
  return (first & 15) === 1 ? Buffer.from(body).toString() : "";
}

/** @param {Buffer} bytes @param {number} frames */
function endOf(bytes, frames) {
  let at = 0;
  for (let n = 0; n < frames; n++) {
    const short = /** @type {number} */ (bytes[at + 1]);
    at += short < 126 ? 2 + short : 4 + bytes.readUInt16BE(at + 2);
  }
  return at;
}

const http = createServer((request, response) => {
  const path = request.url ?? "";
  response.setHeader("content-type", "application/json");
  if (path.includes("exchangeInfo")) response.end(exchangeInfo());
  else if (path.includes("depth"))
    response.end(JSON.stringify({ lastUpdateId: FIRST, bids: snapshot(-1), asks: snapshot(1) }));
  else response.end(JSON.stringify({ serverTime: Date.now() }));
});
http.on("upgrade", ({ url = "", headers }, /** @type {import("node:net").Socket} */ socket) => {
  socket.write(switching(headers["sec-websocket-key"] ?? ""));
  serve(socket, new URL(url, "http://flood"));
});
http.listen(0, "127.0.0.1", () => {
  const address = http.address();
  if (typeof address === "object" && address !== null) process.send?.(address.port);
});
