// What a test or a strategy waits for when it places an order on the paper exchange: client and exchange share this process and its core, so
// the exchange's own part is less. The floor is the cheapest call over the same connection.
import { createHmac } from "node:crypto";
import { Agent, request } from "node:http";
import { bench, run, summary } from "mitata";
import { createPaper } from "../src/index.ts";

const UNLIMITED = 1_000_000_000;
const paper = await createPaper({
  market: false,
  limits: { ordersPer10Seconds: UNLIMITED, ordersPerDay: UNLIMITED, requestWeightPerMinute: UNLIMITED },
});
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const headers = { "X-MBX-APIKEY": paper.apiKey };

function call(method: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
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
}

function signed(method: string, path: string, query: string): Promise<string> {
  const all = `${query}&timestamp=${Date.now()}`;
  return call(method, `${path}?${all}&signature=${createHmac("sha256", paper.apiSecret).update(all).digest("hex")}`);
}

summary(() => {
  bench("ping", async () => {
    await call("GET", "ping");
  });
  bench("order placed and cancelled (two signed calls)", async () => {
    const order = "symbol=AAAUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=50&newClientOrderId=bench";
    await signed("POST", "order", order);
    await signed("DELETE", "order", "symbol=AAAUSDT&origClientOrderId=bench");
  });
});

await run();
agent.destroy();
await paper.close();
