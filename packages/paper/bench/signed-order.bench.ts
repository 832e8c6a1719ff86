// What a test or a strategy waits for when it places an order on the paper exchange: client and exchange share this process and its core, so
// the exchange's own part is less. The floor is the cheapest call over the same connection.
import { createHmac } from "node:crypto";
import { Agent, request } from "node:http";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { createPaper, type Paper } from "../src/index.ts";

const UNLIMITED = 1_000_000_000;

type Call = (method: string, path: string) => Promise<string>;

function calls(work: (call: Call, paper: Paper) => Promise<unknown>): Case {
  return {
    loop: async () => {
      const paper = await createPaper({
        market: false,
        limits: { ordersPer10Seconds: UNLIMITED, ordersPerDay: UNLIMITED, requestWeightPerMinute: UNLIMITED },
      });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const headers = { "X-MBX-APIKEY": paper.apiKey };
      const call: Call = (method, path) =>
        new Promise((resolve, reject) => {
          const sent = request(
            { host: "127.0.0.1", port: paper.port, method, path: `/api/v3/${path}`, agent, headers },
            (answer) => {
              let text = "";
              answer.setEncoding("utf8");
              answer.on("data", (chunk: string) => {
                text += chunk;
              });
              answer.on("end", () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text))));
            },
          );
          sent.on("error", reject);
          sent.end();
        });
      return async (n) => {
        for (let i = 0; i < n; i++) await work(call, paper);
      };
    },
  };
}

function signed(call: Call, paper: Paper, method: string, path: string, query: string): Promise<string> {
  const all = `${query}&timestamp=${Date.now()}`;
  return call(method, `${path}?${all}&signature=${createHmac("sha256", paper.apiSecret).update(all).digest("hex")}`);
}

const suite: Suite = {
  name: "paper exchange",
  comparisons: [
    {
      name: "order placed and cancelled (two signed calls)",
      unit: "us/op",
      ours: calls(async (call, paper) => {
        const order = "symbol=AAAUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=50&newClientOrderId=bench";
        await signed(call, paper, "POST", "order", order);
        await signed(call, paper, "DELETE", "order", "symbol=AAAUSDT&origClientOrderId=bench");
      }),
      peers: { "ping (floor)": { case: calls((call) => call("GET", "ping")), aim: null } },
    },
  ],
};

export default suite;
