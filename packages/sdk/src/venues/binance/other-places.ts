import { check } from "../../checks.ts";
import { at, type BinanceEndpoints, type OtherPlaces, type ProductFacts } from "./endpoints.ts";

const futures = (venue: string, letter: string): ProductFacts => ({
  venue,
  endpoints: {
    rest: [at("main", `https://${letter}api.binance.com`)],
    stream: [at("main", `wss://${letter}stream.binance.com`)],
  },
  apiPath: `/${letter}api/v1`,
  snapshotLimit: 1_000,
  requestWeight: 2_400,
});

const testnet = (): BinanceEndpoints => ({
  rest: [at("testnet", "https://testnet.binance.vision"), at("testnet1", "https://api1.testnet.binance.vision")],
  stream: [at("testnet", "wss://stream.testnet.binance.vision")],
});

const demo = (): BinanceEndpoints => ({
  rest: [at("demo", "https://demo-api.binance.com")],
  stream: [at("demo", "wss://demo-stream.binance.com")],
});

/** USD-M and COIN-M futures, the venue's test network and its demo. Source: Binance API documentation, 2026-07. */
export function createOtherPlaces(): OtherPlaces {
  return {
    factsOf(product) {
      check(product === "usdm" || product === "coinm", "product", "one of spot, usdm, coinm", product);
      return futures(`binance-${product}`, product === "usdm" ? "f" : "d");
    },
    placeOf(environment, product) {
      const isOne = environment === "testnet" || environment === "demo";
      check(isOne, "environment", '"production", "testnet" or "demo"', environment);
      check(product === "spot", "product", `"spot" with environment "${environment}"`, product);
      return environment === "demo" ? demo() : testnet();
    },
  };
}
