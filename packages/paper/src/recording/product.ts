import { MisplacedLine, RecordingError } from "./errors.ts";

/** Binance's three markets, which share a wire format but for details. */
export type BinanceProduct = "spot" | "usdm" | "coinm";

const NAMES: Readonly<Record<BinanceProduct, string>> = {
  spot: "spot",
  usdm: "USD-M futures",
  coinm: "COIN-M futures",
};

const EXCHANGES: ReadonlyMap<string, BinanceProduct> = new Map([
  ["BINANCE", "spot"],
  ["BINANCE_US", "spot"], // other houses, the same protocol
  ["BINANCE_TR", "spot"],
  ["BINANCE_FUTURES", "usdm"],
  ["BINANCE_DELIVERY", "coinm"],
]);

/** The product a header's `exchange` stands for. @throws {MisplacedLine} When it is another venue's. */
export function productOfExchange(exchange: string): BinanceProduct {
  const product = EXCHANGES.get(exchange);
  if (product !== undefined) return product;
  throw new MisplacedLine(
    `was recorded from ${exchange || "no named venue"}, but supported are Binance spot (BINANCE), ` +
      "USD-M futures (BINANCE_FUTURES) and COIN-M futures (BINANCE_DELIVERY)",
    { remedy: "name a recording of one of these" },
  );
}

/** The product a REST path belongs to, `undefined` for paths of none. */
export function productOfUrl(url: URL): BinanceProduct | undefined {
  if (/^\/api\/v\d/.test(url.pathname)) return "spot";
  if (/^\/fapi\/v\d/.test(url.pathname)) return "usdm";
  return /^\/dapi\/v\d/.test(url.pathname) ? "coinm" : undefined;
}

/** The product a market stream's host belongs to, `undefined` for hosts that tell nothing. */
export function productOfHost(host: string): BinanceProduct | undefined {
  if (/^(?:data-)?stream\.binance\./.test(host)) return "spot";
  if (host.startsWith("fstream.binance.")) return "usdm";
  return host.startsWith("dstream.binance.") ? "coinm" : undefined;
}

/** Whether only COIN-M has such symbols: `BTCUSD_PERP`, `BTCUSD_211231`. */
export function isInverseSymbol(symbol: string): boolean {
  return /USD_(?:PERP|\d{6})$/.test(symbol);
}

interface Claim {
  readonly product: BinanceProduct;
  readonly where: string;
}

/**
 * Decides which product was recorded. Proofs (a depth event, a header, a REST path, an inverse symbol) must agree;
 * hints (the shape of other events) count only where there is no proof, and what is assumed (a socket's host) where there is neither.
 */
export class ProductFinder {
  readonly #place: { readonly path: string; readonly line: number };
  #proof: Claim | undefined;
  #hint: Claim | undefined;
  #otherHint: Claim | undefined;
  #assumed: BinanceProduct | undefined;
  #declared: BinanceProduct | undefined;

  /** @param place - The line being read; the caller moves it on. */
  constructor(place: { readonly path: string; readonly line: number }) {
    this.#place = place;
  }

  /** A header or a REST path said so: an event of another form is damaged, and no other product's. */
  get isDeclaredFutures(): boolean {
    return this.#declared !== undefined && this.#declared !== "spot";
  }

  /** As `prove`, by what names the product. Throws as it. */
  declare(product: BinanceProduct): void {
    this.prove(product);
    this.#declared = product;
  }

  /** @throws {MisplacedLine} When an earlier line proved another product. */
  prove(product: BinanceProduct): void {
    this.#proof ??= { product, where: this.#where() };
    if (this.#proof.product !== product) throw new MisplacedLine(mixed(product, this.#proof), { remedy: SPLIT });
  }

  hint(product: BinanceProduct): void {
    this.#hint ??= { product, where: this.#where() };
    if (this.#hint.product !== product) this.#otherHint ??= { product, where: this.#where() };
  }

  assume(product: BinanceProduct): void {
    this.#assumed ??= product;
  }

  /** Whether anything told the product. */
  get isTold(): boolean {
    return (this.#proof ?? this.#hint ?? this.#assumed) !== undefined;
  }

  /** @throws {RecordingError} When only hints are there and they disagree, or nothing told the product. */
  result(path: string): BinanceProduct {
    if (this.#proof !== undefined) return this.#proof.product;
    if (this.#hint === undefined) {
      if (this.#assumed !== undefined) return this.#assumed;
      throw new RecordingError("nothing in it tells spot from futures: record depth, trades or bookTicker too", {
        path,
      });
    }
    if (this.#otherHint !== undefined) {
      const { product, where } = this.#otherHint;
      throw new RecordingError(`${where} ${mixed(product, this.#hint)}; ${SPLIT}`, { path });
    }
    return this.#hint.product;
  }

  #where(): string {
    return `${this.#place.path}:${this.#place.line}`;
  }
}

const SPLIT = "a recording holds one product: split it, or name other files";

function mixed(product: BinanceProduct, earlier: Claim): string {
  return `is Binance ${NAMES[product]}, but ${earlier.where} is ${NAMES[earlier.product]}`;
}
