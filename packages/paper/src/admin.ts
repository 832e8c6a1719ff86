import { InvalidInputError } from "@pitlane/perf";
import type { AcceptedOrder, AcceptedOrders } from "./engine/accepted.ts";
import { checkFault } from "./faults/check.ts";
import type { FaultHandle } from "./faults/fault.ts";
import type { FaultRegistry } from "./faults/registry.ts";
import type { HttpAnswer, HttpRequest } from "./wire/protocol.ts";

export interface AdminOptions {
  readonly faults: FaultRegistry;
  readonly accounts: readonly { readonly name: string }[];
  readonly regions: readonly { readonly name: string }[];
  /** Every order ever accepted. */
  readonly accepted: AcceptedOrders;
  /** Name of an account by its place in the engine. */
  readonly accountName: (index: number) => string;
  /** Answers what is asked below `/_paper/axiom/`, where Axiom is served. */
  readonly axiom: ((request: HttpRequest) => HttpAnswer) | undefined;
  readonly nowUs: () => number;
}

const MOST_ROWS = 10_000;
const DEFAULT_ROWS = 1000;

/**
 * What a paper exchange answers about itself, below `/_paper/` of every port: outside the venue's paths, weights and faults.
 *
 * `GET health`, `GET accounts` (names only), `GET ledger?from=0&limit=1000` (with `clientOrderId=ID` only that id's orders, with `repeated=true` only
 * those whose id had been used before, with `format=lines` one JSON document a line), `GET faults`, `POST faults` with one fault as JSON,
 * `DELETE faults` for all, `GET` and `DELETE faults/ID` for one; what is below `axiom/` is that venue's. Errors are `{"error": text}`.
 */
export class Admin {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  /** Answers a request below `/_paper/`. */
  answer(request: HttpRequest): HttpAnswer {
    try {
      return this.#answer(request);
    } catch (error) {
      if (error instanceof InvalidInputError) return json(400, { error: error.message });
      throw error;
    }
  }

  #answer(request: HttpRequest): HttpAnswer {
    const [, , what = "", id] = request.path.split("/");
    const { faults, accounts, regions, axiom, nowUs } = this.#options;
    if (what === "axiom" && axiom !== undefined) return axiom(request);
    switch (id === undefined ? `${request.method} ${what}` : `${request.method} ${what}/`) {
      case "GET health":
        return json(200, { status: "ok", atUs: nowUs(), regions: regions.map(({ name }) => name) });
      case "GET accounts":
        return json(200, { accounts: accounts.map(({ name }) => name) });
      case "GET ledger":
        return this.#ledger(new URLSearchParams(request.query));
      case "GET faults":
        return json(200, { faults: faults.list().map(faultJson), schedule: faults.schedule });
      case "POST faults":
        return json(201, faultJson(faults.add(checkFault(parseJson(request.body)))));
      case "DELETE faults":
        faults.clear();
        return json(200, { faults: faults.list().map(faultJson) });
      case "GET faults/":
      case "DELETE faults/": {
        const fault = faults.find(Number(id));
        if (fault === undefined) return json(404, { error: `there is no fault ${id}` });
        if (request.method === "DELETE") fault.remove();
        return json(200, faultJson(fault));
      }
      default:
        return json(404, {
          error: `nothing here for ${request.method} ${request.path}; there are GET health, accounts, ledger and faults, POST and DELETE faults`,
        });
    }
  }

  #ledger(query: URLSearchParams): HttpAnswer {
    const { accepted } = this.#options;
    const from = wholeOf(query, "from", 0, Number.MAX_SAFE_INTEGER, 0);
    const limit = wholeOf(query, "limit", 1, MOST_ROWS, DEFAULT_ROWS);
    const id = query.get("clientOrderId");
    const found = id !== null ? accepted.find(id) : query.get("repeated") === "true" ? accepted.repeated() : undefined;
    const total = found?.length ?? accepted.size;
    const rows = (found?.slice(from, from + limit) ?? accepted.list(from, from + limit)).map((row) =>
      this.#rowJson(row),
    );
    if (query.get("format") === "lines") {
      const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
      return { status: 200, headers: { "content-type": "application/x-ndjson" }, text };
    }
    const next = from + rows.length;
    return json(200, { total, from, next: next < total ? next : null, orders: rows });
  }

  #rowJson({ account, ...order }: AcceptedOrder): object {
    return { account: this.#options.accountName(account), ...order };
  }
}

function faultJson({ id, state, hits, fault }: FaultHandle): object {
  return { id, state, hits, fault };
}

function json(status: number, value: object): HttpAnswer {
  return { status, headers: { "content-type": "application/json;charset=UTF-8" }, text: JSON.stringify(value) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError('the body must be a fault as JSON, such as {"kind":"delay","ms":100}', { cause });
  }
}

function wholeOf(query: URLSearchParams, name: string, min: number, max: number, otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new InvalidInputError(`${name} must be a whole number from ${min} to ${max}, got "${text}"`);
}
