import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { decode } from "@msgpack/msgpack";
import { ManualClock, seededRandom } from "@pitlane/perf/testing";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { MarketSite } from "../../src/faults/market-site.ts";
import { FaultRegistry } from "../../src/faults/registry.ts";
import { toBase58 } from "../../src/models/axiom-base58.ts";
import { createPort } from "../../src/port.ts";
import { Timeline } from "../../src/timeline.ts";
import {
  AxiomVenue,
  type AxiomVenueOptions,
  answerAxiomAdmin,
  createAxiomProtocol,
} from "../../src/wire/axiom/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as JSON
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly body: Json;
  /** Values of the cookies it sets, by name. */
  readonly cookies: Readonly<Record<string, string>>;
}

export interface Request {
  readonly cookie?: string;
  readonly body?: unknown;
  readonly method?: string;
}

type Overrides = Partial<Omit<AxiomVenueOptions, "random">> & { readonly seed?: number; readonly regions?: number };

/** A venue of 12 lively pairs on a clock that stands still, on one port or several of the loopback. Everything ends with the test. */
export async function setUp({ seed = 1, regions = 1, ...overrides }: Overrides = {}) {
  const clock = new ManualClock();
  const market = { pairs: 12, tradesPerSecond: 20, pairsPerMinute: 6, historyS: 120 };
  const venue = new AxiomVenue({ clock, random: seededRandom(seed), market, ...overrides });
  const fail = (error: Error) => {
    throw error;
  };
  const timeline = new Timeline(clock, fail);
  const ports = Array.from({ length: regions }, (_, i) =>
    createPort({
      venue: "axiom",
      region: { name: `region${i}`, delayMs: 0, jitterMs: 0, port: 0 },
      protocol: (place) => createAxiomProtocol(venue, place),
      admin: (request) => answerAxiomAdmin(venue, request),
      connectionLifeMs: 86_400_000,
      clock,
      timeline,
      random: seededRandom(seed),
      onError: fail,
    }),
  );
  for (const { server } of ports) await server.listen(0, "127.0.0.1");
  const faults = new FaultRegistry(
    ports.map(({ site }) => site),
    new MarketSite([], [], clock),
    timeline,
    seededRandom(seed),
  );
  const sockets: SocketClient[] = [];
  onTestFinished(async () => {
    for (const socket of sockets) socket.close();
    timeline.close();
    await Promise.all(ports.map(({ server }) => server.close()));
  });
  const places = ports.map(({ server }) => `127.0.0.1:${server.port}`);
  const session = venue.openSession();
  return {
    clock,
    venue,
    session,
    faults,
    places,
    /** Any request; without a body a GET, with one a POST. */
    ask: (path: string, request: Request = {}, region = 0) => ask(`http://${places[region]}${path}`, request),
    /** The same with the session's cookies. */
    asUser: (path: string, body?: unknown) => ask(`http://${places[0]}${path}`, { cookie: session.cookie, body }),
    /** A socket with the session's cookies, or others. */
    connect: async (path: string, cookie = session.cookie, region = 0) => {
      const socket = await SocketClient.open(`ws://${places[region]}${path}`, cookie);
      sockets.push(socket);
      return socket;
    },
    /** Lets time pass, in steps of 50 ms, as whoever holds a venue does. */
    pass: (ms: number) => {
      for (let passed = 0; passed < ms; passed += 50) {
        clock.advance({ ms: Math.min(50, ms - passed) });
        venue.tick(clock.nowUs());
      }
    },
  };
}

async function ask(url: string, { cookie, body, method }: Request): Promise<Answer> {
  const response = await fetch(url, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { ...(cookie === undefined ? {} : { cookie }), "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  const cookies = response.headers.getSetCookie().map((header) => header.split(";", 1)[0]!.split("=", 2));
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
    cookies: Object.fromEntries(cookies),
  };
}

/** A socket that keeps every frame, binary ones decoded as MessagePack. */
export class SocketClient {
  readonly frames: Json[] = [];
  readonly raw: Buffer[] = [];
  readonly binary: boolean[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #socket: WebSocket;
  #onFrame = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.raw.push(data);
      this.binary.push(isBinary);
      const isDot = data.length === 1 && data.toString() === "."; // the one frame of the venue's that is neither
      this.frames.push(isDot ? "." : isBinary ? decode(data) : JSON.parse(data.toString()));
      this.#onFrame();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code: number, reason: Buffer) => {
        resolve({ code, reason: reason.toString() });
        this.#onFrame();
      });
    });
  }

  /** Rejects with the status in its message when the handshake is refused. */
  static open(url: string, cookie: string): Promise<SocketClient> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { headers: cookie === "" ? {} : { cookie } });
      const client = new SocketClient(socket);
      socket.once("open", () => resolve(client));
      socket.on("error", reject);
    });
  }

  send(message: unknown): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  join(...rooms: string[]): void {
    for (const room of rooms) this.send({ action: "join", room });
  }

  /** Resolves when everything sent before was read: the answer to a ping of ours comes after it. */
  async settled(): Promise<void> {
    const pong = new Promise((resolve) => this.#socket.once("pong", resolve));
    this.#socket.ping();
    await pong;
  }

  /** The contents that came for `room`. */
  contents(room: string): Json[] {
    return this.frames.filter((frame) => frame.room === room).map((frame) => frame.content);
  }

  /** Resolves with the first frame that fulfils `test`. Throws when the socket closes before. */
  async until(test: (frame: Json) => boolean): Promise<Json> {
    for (;;) {
      const found = this.frames.find(test);
      if (found !== undefined) return found;
      if (this.#socket.readyState === WebSocket.CLOSED) throw new Error(`closed after ${this.frames.length} frames`);
      await new Promise<void>((resolve) => {
        this.#onFrame = resolve;
      });
    }
  }

  close(): void {
    this.#socket.terminate();
  }
}

/** A wallet with its key. */
export interface Wallet {
  readonly address: string;
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

export function createWallet(): Wallet {
  const pair: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync("ed25519");
  const publicKey = pair.publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  return { address: toBase58(publicKey), publicKey, sign: (message) => sign(null, message, pair.privateKey) };
}

/** A v0 transaction of one instruction, signed by all `signers`; `memo` is its data. */
export function createTransaction(signers: readonly Wallet[], memo: string): Uint8Array {
  const program = new Uint8Array(32).fill(7);
  const data = Buffer.from(memo);
  const message = Buffer.concat([
    Uint8Array.of(0x80, signers.length, 0, 1),
    Uint8Array.of(signers.length + 1),
    ...signers.map(({ publicKey }) => publicKey),
    program,
    new Uint8Array(32).fill(9), // recent blockhash
    Uint8Array.of(1, signers.length, 1, 0, data.length),
    data,
    Uint8Array.of(0), // no lookup tables
  ]);
  return Buffer.concat([Uint8Array.of(signers.length), ...signers.map((signer) => signer.sign(message)), message]);
}

/** A body of `/batched-send-tx-v2` with one wallet for each list. */
export function relayBody(...wallets: (readonly Uint8Array[])[]): Json {
  const list = wallets.map((transactions) => ({
    transactions: transactions.map((bytes) => ({
      base64Tx: Buffer.from(bytes).toString("base64"),
      provider: "0xslot",
    })),
  }));
  return { mevProtection: false, enhancedMevProtection: false, wallets: list };
}
