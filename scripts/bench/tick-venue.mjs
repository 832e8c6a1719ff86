/**
 * A venue in a process of its own that writes trades at a steady rate and takes an order on each. Feed and order server are one process, so
 * one clock tells the time from just before a trade's write to the last byte of its order.
 *
 * `fork(tick-venue.mjs)` sends `{ port }`. The message `{ ticks, warm, perSecond }` starts the feed: `warm` trades whose orders are not
 * counted, then `ticks` that are. It sends `"measured"` when those begin, and at the end `{ latenciesNs, lost, repeated }`.
 *
 * Each trade has a price of its own, which its order has to have too: that is how they are told to belong together. Orders come over
 * HTTP or over the WebSocket API, and are filled at once; HTTP is read by hand, so that both ways cost the same here.
 * With `isStamped` a trade's price tells when it was written instead, and nobody orders.
 */
import { createServer } from "node:net";
import { Worker } from "node:worker_threads";
import { exchangeInfo, frame, switching } from "./venue-parts.mjs";

const FIRST_CENTS = 6_000_000; // price of the first trade
const GRACE_MS = 5_000; // at most, for the last orders
const LOOK_MS = 50;
const STAMP_FLOOR = 1_000_000;
const STAMP_SPAN = 90_000_000; // both as in exchanged.ts
const QUOTE_EVERY = 500; // ticks between two quotes of those who want them

/** @typedef {import("node:net").Socket} Socket */
/** @typedef {{ socket: Socket, isWrapped: boolean, streams: string[] }} Subscriber */

/** @type {Set<Subscriber>} */
const subscribers = new Set();
/** @typedef {{ ticks: number, warm: number, perSecond: number, isStamped?: boolean }} Asked */
/** @type {(Asked & { writtenNs: Float64Array, latenciesNs: Float64Array }) | undefined} */
let run;
let lastOrderId = 0;
let repeated = 0;
let readNs = 0; // when the bytes that are looked at were read
// In 1e-8 of the asset, as the account answers them.
let baseUnits = 10n ** 9n;
let quoteUnits = 10n ** 15n;

process.on("disconnect", () => process.exit());
process.on("message", (/** @type {Asked} */ asked) => start(asked));

const nowNs = () => {
  const [seconds, ns] = process.hrtime();
  return seconds * 1e9 + ns;
};

/** @param {Asked} asked */
function start(asked) {
  const { ticks, warm, perSecond } = asked;
  const total = warm + ticks;
  run = { ...asked, writtenNs: new Float64Array(total), latenciesNs: new Float64Array(total) };
  const pace = new Worker(new URL("./tick-pace.mjs", import.meta.url), {
    workerData: { periodNs: 1e9 / perSecond, ticks: total },
  });
  pace.on("message", (/** @type {number} */ tick) => {
    if (tick === warm) process.send?.("measured");
    writeTick(tick);
    if (tick === total - 1) finishBy(performance.now() + GRACE_MS);
  });
}

/** @param {number} tick */
function writeTick(tick) {
  if (tick % QUOTE_EVERY === 0) writeQuotes(tick);
  const atMs = Date.now();
  const data = `{"e":"trade","E":${atMs},"s":"BTCUSDT","t":${1000 + tick},"p":"${run?.isStamped ? stamp() : priceOf(tick)}","q":"0.01000000","T":${atMs},"m":${tick % 2 === 0},"M":true}`;
  const plain = frame(data);
  const wrapped = frame(`{"stream":"btcusdt@trade","data":${data}}`);
  if (run !== undefined) run.writtenNs[tick] = nowNs();
  for (const { socket, isWrapped, streams } of subscribers)
    if (streams.includes("btcusdt@trade")) socket.write(isWrapped ? wrapped : plain);
}

/** Now as a price, its cents being microseconds: who reads it needs no other message to know when it was written. */
function stamp() {
  const cents = STAMP_FLOOR + (Math.floor(nowNs() / 1e3) % STAMP_SPAN);
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}000000`;
}

/** @param {number} tick */
function writeQuotes(tick) {
  const data = `{"u":${1000 + tick},"s":"BTCUSDT","b":"${priceOf(tick - 1)}","B":"5.00000000","a":"${priceOf(tick + 1)}","A":"5.00000000"}`;
  for (const { socket, isWrapped, streams } of subscribers)
    if (streams.includes("btcusdt@bookTicker"))
      socket.write(frame(isWrapped ? `{"stream":"btcusdt@bookTicker","data":${data}}` : data));
}

/** @param {number} tick */
function priceOf(tick) {
  const cents = FIRST_CENTS + tick;
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}000000`;
}

/** Tells what was measured as soon as the last order has come, or at `lastMs`. @param {number} lastMs */
function finishBy(lastMs) {
  const latenciesNs = [...(run?.latenciesNs.subarray(run.warm) ?? [])];
  const lost = latenciesNs.filter((ns) => ns === 0).length;
  if (lost === 0 || run?.isStamped || performance.now() >= lastMs) process.send?.({ latenciesNs, lost, repeated });
  else setTimeout(finishBy, LOOK_MS, lastMs);
}

/**
 * Books an order of the tick that its price tells, and answers it in full.
 *
 * @param {string} price @param {string} quantity @param {string} side @param {string} clientOrderId
 */
function takeOrder(price, quantity, side, clientOrderId) {
  const cents = Math.round(Number(price) * 100);
  const tick = cents - FIRST_CENTS;
  if (run !== undefined && tick >= 0 && tick < run.latenciesNs.length) {
    if (run.latenciesNs[tick] !== 0) repeated++;
    run.latenciesNs[tick] = readNs - /** @type {number} */ (run.writtenNs[tick]);
  }
  const lots = BigInt(Math.round(Number(quantity) * 1e5)); // of 1e-5 BTC
  const sign = side === "BUY" ? 1n : -1n;
  baseUnits += sign * lots * 1000n;
  quoteUnits -= sign * BigInt(cents) * lots * 10n;
  const id = ++lastOrderId;
  const atMs = Date.now();
  return `{"symbol":"BTCUSDT","orderId":${id},"orderListId":-1,"clientOrderId":"${clientOrderId}","transactTime":${atMs},"price":"${price}","origQty":"${quantity}","executedQty":"${quantity}","origQuoteOrderQty":"0.00000000","cummulativeQuoteQty":"${price}","status":"FILLED","timeInForce":"IOC","type":"LIMIT","side":"${side}","workingTime":${atMs},"selfTradePreventionMode":"EXPIRE_MAKER","fills":[{"price":"${price}","qty":"${quantity}","commission":"0.00000000","commissionAsset":"USDT","tradeId":${id}}]}`;
}

/** @param {string} text A form. @param {string} name */
function fieldOf(text, name) {
  const from = text.indexOf(`${name}=`) + name.length + 1;
  const to = text.indexOf("&", from);
  return text.slice(from, to < 0 ? undefined : to);
}

function account() {
  const text = (/** @type {bigint} */ units) => {
    const digits = String(units).padStart(9, "0");
    return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
  };
  return JSON.stringify({
    makerCommission: 0,
    takerCommission: 0,
    canTrade: true,
    updateTime: Date.now(),
    accountType: "SPOT",
    balances: [
      { asset: "BTC", free: text(baseUnits), locked: "0.00000000" },
      { asset: "USDT", free: text(quoteUnits), locked: "0.00000000" },
    ],
    permissions: ["SPOT"],
  });
}

/**
 * The status and body of an HTTP request.
 *
 * @param {string} verb @param {string} path @param {string} body
 * @returns {readonly [status: string, body: string]}
 */
function answer(verb, path, body) {
  if (verb === "POST") {
    const order = takeOrder(
      fieldOf(body, "price"),
      fieldOf(body, "quantity"),
      fieldOf(body, "side"),
      fieldOf(body, "newClientOrderId"),
    );
    return ["200 OK", order];
  }
  if (path.includes("/exchangeInfo")) return ["200 OK", exchangeInfo()];
  if (path.includes("/account")) return ["200 OK", account()];
  if (path.includes("/openOrders") || path.includes("/myTrades")) return ["200 OK", "[]"];
  if (path.includes("/order")) return ["400 Bad Request", '{"code":-2013,"msg":"Order does not exist."}'];
  return ["200 OK", `{"serverTime":${Date.now()}}`];
}

/** @param {Socket} socket @param {{ id: unknown, method: string, params: Record<string, string> }} message */
function answerCall(socket, { id, method, params }) {
  const text = JSON.stringify(id);
  const reply = (/** @type {string} */ result) =>
    socket.write(frame(`{"id":${text},"status":200,"result":${result},"rateLimits":[]}`));
  if (method === "order.place") {
    const { price = "", quantity = "", side = "", newClientOrderId = "" } = params;
    reply(takeOrder(price, quantity, side, newClientOrderId));
  } else if (method === "account.status") reply(account());
  else if (method === "myTrades" || method === "openOrders.status") reply("[]");
  else if (method === "order.status")
    socket.write(frame(`{"id":${text},"status":400,"error":{"code":-2013,"msg":"Order does not exist."}}`));
  else reply(`{"subscriptionId":0}`);
}

/** @param {Socket} socket @param {string} text @param {Subscriber} subscriber */
function onMessage(socket, text, subscriber) {
  const message = JSON.parse(text);
  if (!Array.isArray(message.params)) return answerCall(socket, message);
  if (message.method === "SUBSCRIBE") subscriber.streams.push(...message.params);
  socket.write(frame(`{"result":null,"id":${JSON.stringify(message.id)}}`));
  if (message.params.includes("btcusdt@bookTicker")) writeQuotes(0);
}

/** Reads a client's frames, of at most 64 KiB and in one piece each. @param {Socket} socket @param {string} path */
function serveFrames(socket, path) {
  const { pathname, searchParams } = new URL(path, "http://venue");
  /** @type {Subscriber} */
  const subscriber = { socket, isWrapped: pathname === "/stream", streams: [] };
  const asked = searchParams.get("streams");
  if (asked !== null) subscriber.streams.push(...asked.split("/"));
  subscribers.add(subscriber);
  socket.on("close", () => subscribers.delete(subscriber));
  /** @type {Buffer} */
  let rest = Buffer.alloc(0);
  return (/** @type {Buffer} */ chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < 6) return;
      const short = /** @type {number} */ (rest[1]) & 127;
      if (short === 126 && rest.length < 8) return;
      const length = short === 126 ? rest.readUInt16BE(2) : short;
      const from = (short === 126 ? 4 : 2) + 4;
      if (rest.length < from + length) return;
      const body = rest.subarray(from, from + length);
      for (let i = 0; i < length; i++)
        body[i] = /** @type {number} */ (body[i]) ^ /** @type {number} */ (rest[from - 4 + (i & 3)]);
      const opcode = /** @type {number} */ (rest[0]) & 15;
      rest = rest.subarray(from + length);
      if (opcode === 1) onMessage(socket, body.toString("latin1"), subscriber);
      else if (opcode === 8) socket.end();
      else if (opcode === 9) socket.write(Buffer.from([0x8a, 0]));
    }
  };
}

/** Reads requests that keep their connection alive and state the length of their body. @param {Socket} socket */
function serve(socket) {
  let text = "";
  /** @type {((chunk: Buffer) => void) | undefined} */
  let frames;
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    readNs = nowNs(); // before it is taken apart: that is the venue's work, and no client's
    if (frames !== undefined) return frames(chunk);
    text += chunk.toString("latin1");
    for (;;) {
      const headEnd = text.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = text.slice(0, headEnd);
      const [verb = "", path = ""] = head.slice(0, head.indexOf("\r\n")).split(" ");
      const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1];
      if (key !== undefined) {
        socket.write(switching(key));
        frames = serveFrames(socket, path);
        return;
      }
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (text.length < end) return;
      const [status, body] = answer(verb, path, text.slice(headEnd + 4, end));
      text = text.slice(end);
      socket.write(
        `HTTP/1.1 ${status}\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nx-mbx-used-weight-1m: 12\r\nConnection: keep-alive\r\n\r\n${body}`,
      );
    }
  });
}

const server = createServer(serve);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.send?.({ port: address.port });
});
