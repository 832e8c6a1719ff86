// Every call to a venue passes the whole stack of layers: what they cost comes on top of the wire. The figures are CPU time of this
// process for one call, the server being another one; undici's own request API, without any of what the layers do, is the limit.
import { createHmac } from "node:crypto";
import { createRandom, createSystemClock } from "@pitlane/perf";
import { WeightedBudget } from "@pitlane/perf/limit";
import { MetricsRegistry } from "@pitlane/perf/metrics";
import { Pool } from "undici";
import { called } from "../../../scripts/bench/called.ts";
import type { Suite, WindowedCase } from "../../../scripts/bench/suite.ts";
import { RejectedError } from "../src/errors.ts";
import { endpointSet } from "../src/region/endpoint-set.ts";
import { httpProbe } from "../src/region/prober.ts";
import { createRegions } from "../src/region/regions.ts";
import { authenticate } from "../src/transport/authenticate.ts";
import { classify } from "../src/transport/classify.ts";
import { deadline } from "../src/transport/deadline.ts";
import { failover } from "../src/transport/failover.ts";
import { limit } from "../src/transport/limit.ts";
import { measure } from "../src/transport/measure.ts";
import { createPools } from "../src/transport/pools.ts";
import { retry } from "../src/transport/retry.ts";
import { type Authenticator, compose, HttpCall } from "../src/transport/transport.ts";

const TICKER = JSON.stringify({
  symbol: "BTCUSDT",
  priceChange: "-94.99999800",
  priceChangePercent: "-95.960",
  weightedAvgPrice: "0.29628482",
  prevClosePrice: "0.10002000",
  lastPrice: "4.00000200",
  lastQty: "200.00000000",
  bidPrice: "4.00000000",
  bidQty: "100.00000000",
  askPrice: "4.00000200",
  askQty: "100.00000000",
  openPrice: "99.00000000",
  highPrice: "100.00000000",
  lowPrice: "0.10000000",
  volume: "8913.30000000",
  quoteVolume: "15.30000000",
  openTime: 1_499_783_499_040,
  closeTime: 1_499_869_899_040,
  firstId: 28_385,
  lastId: 28_460,
  count: 76,
});

// In a process of its own, so that its CPU time is not ours. Its headers are those that a venue sends on every reply.
const SERVER = `
  const server = require("node:http").createServer((request, response) => {
    stayAwake();
    request.on("data", () => {}).on("end", () => {
      response.writeHead(200, { "content-type": "application/json;charset=UTF-8", "x-mbx-used-weight": "12", "x-mbx-used-weight-1m": "12", "x-mbx-uuid": "8a1f3d1e-7d3c-4b53-a9d9-4c9f1c6f2b10", "cache-control": "no-cache, no-store, must-revalidate" });
      response.end(${JSON.stringify(TICKER)});
    });
  });
  server.keepAliveTimeout = 60000;
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;
const KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
const FORM = { "X-MBX-APIKEY": KEY, "content-type": "application/x-www-form-urlencoded" };
const ORDER = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=61000.01&newClientOrderId=bench";
const CONNECTIONS = 20;

const clock = createSystemClock();
type Call = () => Promise<unknown>;
const sign = (text: string) => `${text}&signature=${createHmac("sha256", SECRET).update(text).digest("hex")}`;

function request(origin: string): { get: Call; post: Call } {
  const pool = new Pool(origin, { connections: CONNECTIONS });
  return {
    get: async () => (await pool.request({ method: "GET", path: "/api/v3/ticker/24hr?symbol=BTCUSDT" })).body.json(),
    post: async () => {
      const body = sign(`${ORDER}&timestamp=${Date.now()}`);
      return (await pool.request({ method: "POST", path: "/api/v3/order", headers: FORM, body })).body.json();
    },
  };
}

const signer: Authenticator = {
  prepare(call) {
    call.sentBody = sign(`${call.body}&timestamp=${Math.floor(clock.nowUs() / 1000)}`);
    call.sentHeaders = FORM;
  },
};

function stack(origin: string): { get: Call; post: Call } {
  const pools = createPools({ connections: CONNECTIONS, clock });
  const regions = createRegions({
    endpoints: endpointSet({ here: { rest: origin }, there: { rest: origin.replace("127.0.0.1", "localhost") } }),
    probes: { rest: httpProbe(createPools({ connections: 1, clock }).send, "/api/v3/ping") },
    clock,
  });
  const send = compose(
    pools.send,
    deadline({ clock }),
    measure({ registry: new MetricsRegistry({ clock }), venue: "bench", clock }),
    retry({ random: createRandom(1), clock }),
    failover({ choice: regions.service("rest"), clock }),
    limit({
      budget: new WeightedBudget({ limit: 1e9, windowMs: 60_000, clock }),
      usedWeightHeader: "x-mbx-used-weight-1m",
      clock,
    }),
    authenticate({ authenticator: signer, clock }),
    classify((call, { status, body }) => new RejectedError(call.what, { status, venueText: body.toString() })),
  );
  const ask = async (call: HttpCall) => JSON.parse((await send(call)).body.toString()) as unknown;
  return {
    get: () =>
      ask(
        new HttpCall({ method: "GET", path: "/api/v3/ticker/24hr", query: "symbol=BTCUSDT", isRead: true, weight: 2 }),
      ),
    // Written out: V8 takes some 3 us to copy an object by spreading it and adding a field.
    post: () =>
      ask(
        new HttpCall({
          method: "POST",
          path: "/api/v3/order",
          body: ORDER,
          isRead: false,
          isPrivate: true,
          priority: "new",
        }),
      ),
  };
}

/** The pool alone: what the layers add is the difference. */
function edge(origin: string): { get: Call; post: Call } {
  const pools = createPools({ connections: CONNECTIONS, clock });
  const ask = async (call: HttpCall) => {
    call.begin(origin);
    return JSON.parse((await pools.send(call)).body.toString()) as unknown;
  };
  return {
    get: () => ask(new HttpCall({ method: "GET", path: "/api/v3/ticker/24hr", query: "symbol=BTCUSDT", isRead: true })),
    post: () => {
      const body = sign(`${ORDER}&timestamp=${Date.now()}`);
      return ask(new HttpCall({ method: "POST", path: "/api/v3/order", headers: FORM, body, isRead: false }));
    },
  };
}

const cpu = (
  make: (origin: string) => { get: Call; post: Call },
  kind: "get" | "post",
  callers: number,
): WindowedCase =>
  called({
    server: SERVER,
    make: async (origin) => make(origin)[kind],
    callers,
    calls: callers === 1 ? 400 : 2_000,
  });

const suite: Suite = {
  name: "transport",
  comparisons: (["get", "post"] as const).flatMap((kind) =>
    [1, 50].map((callers) => ({
      name: `${kind === "get" ? "public GET" : "signed POST"}, CPU, ${callers} at a time`,
      unit: "us/op" as const,
      windows: 15,
      ours: cpu(stack, kind, callers),
      peers: {
        "undici request + body.json()": { case: cpu(request, kind, callers), aim: 1 },
        "our pool without layers": { case: cpu(edge, kind, callers), aim: null },
      },
      rounds: 5,
    })),
  ),
};

export default suite;
