import { createPaper, type PaperAxiom } from "@pitlane/paper";
import type { Instrument } from "../../src/index.ts";
import { type AxiomClient, type AxiomUrls, createAxiom, localUrls } from "../../src/venues/axiom/index.ts";
import { createBinance } from "../../src/venues/binance/index.ts";
import { AXIOM_OPERATIONS } from "./axiom-operations.ts";
import { FAULTS, type TriedFault } from "./faults.ts";
import { BINANCE_OPERATIONS, type Operation } from "./operations.ts";

/** One cell of the matrix. */
export interface Cell {
  readonly fault: string;
  readonly operation: string;
  /** In a few words, without durations: the same for every run. */
  readonly outcome: string;
}

export interface MatrixOptions {
  /** Only faults and operations whose name has this in it. */
  readonly only?: string;
  readonly onCell?: (cell: Cell) => void;
}

const AT_ONCE = 4;
const OPERATIONS: readonly Operation[] = [...BINANCE_OPERATIONS, ...AXIOM_OPERATIONS];

/** Tries every fault on every operation that it can hit, each on a paper exchange of its own with two regions. */
export async function runMatrix({ only = "", onCell = () => {} }: MatrixOptions = {}): Promise<readonly Cell[]> {
  const pairs = FAULTS.flatMap((fault) =>
    OPERATIONS.filter((operation) => canHit(fault, operation)).map((operation) => ({
      fault,
      operation,
    })),
  ).filter(({ fault, operation }) => `${fault.name} x ${operation.name}`.includes(only));
  const cells: Cell[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < pairs.length; index = next++) {
      const { fault, operation } = pairs[index]!;
      const outcome = await tryCell(fault, operation).catch((error: unknown) => `FAILED: ${String(error)}`);
      const cell = { fault: fault.name, operation: operation.name, outcome };
      cells[index] = cell;
      onCell(cell);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return cells;
}

function canHit(fault: TriedFault, { kind, venue }: Operation): boolean {
  if (fault.venue !== undefined && fault.venue !== (venue ?? "binance")) return false;
  return fault.hits === "all" || fault.hits === `${kind}s`;
}

async function tryCell(fault: TriedFault, operation: Operation): Promise<string> {
  const isRegional = fault.name.startsWith("region");
  const paper = await createPaper({
    seed: 3,
    regions: isRegional ? [{ name: "first" }, { name: "second" }] : [{ name: "first" }],
    ...(operation.venue === "axiom" ? { axiom: { market: AXIOM_MARKET } } : {}),
  });
  const axiom = paper.axiom === undefined ? undefined : openAxiom(paper.axiom);
  const client = createBinance({
    regions: paper.regions.map(({ name, urls }) => ({ name, ...urls })),
    credentials: { apiKey: paper.apiKey, apiSecret: paper.apiSecret },
    callTimeoutMs: 2_500,
    connectTimeoutMs: 1_000,
    clockSync: false,
    ...(operation.orderTransport === undefined ? {} : { orderTransport: operation.orderTransport }),
  });
  try {
    const instruments = await client.market.listInstruments();
    const instrument = instruments.find(({ symbol }) => symbol === "AAA/USDT") as Instrument;
    const strike = async () => {
      const handle = paper.faults.add(fault.at(operation.route, operation.socket ?? operation.route));
      // For a call the fault lasts: one that ended by itself would be a race with the repeats.
      if (fault.forMs === undefined || operation.kind === "call") return;
      await new Promise<void>((resolve) => setTimeout(resolve, fault.forMs));
      handle.remove();
    };
    const outcome = await operation.run({ paper, client, axiom, instrument, strike });
    const isLost = fault.loses === true && operation.isNumbered === false;
    return isLost && (outcome === "no gap" || outcome === "went on") ? "lost unnoticed: nothing is numbered" : outcome;
  } finally {
    await client.close();
    await axiom?.close();
    await paper.close();
  }
}

const AXIOM_MARKET = { pairs: 6, tradesPerSecond: 20, pairsPerMinute: 120, historyS: 10 };

function openAxiom({ regions, venue }: PaperAxiom): AxiomClient {
  const [first, second] = regions.map(({ urls }) => localUrls(urls.rest, new URL(urls.cluster).origin));
  const { accessToken, refreshToken } = venue.openSession();
  const { rest, cluster } = first as AxiomUrls;
  return createAxiom({
    urls: {
      ...(first as AxiomUrls),
      rest: [...rest, ...(second?.rest ?? [])],
      cluster: second === undefined ? cluster : { ...cluster, asia: Object.values(second.cluster)[0] ?? [] },
    },
    session: { accessToken, refreshToken },
    limit: { requests: 10_000 },
    callTimeoutMs: 2_500,
    connectTimeoutMs: 1_000,
    probeEveryMs: 1_000,
  });
}

/** The cells of a table that `toMarkdown` made, whatever stands around it, other tables too. */
export function fromMarkdown(text: string): readonly Cell[] {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.startsWith("| fault |"));
  const end = lines.findIndex((line, i) => i > first && !line.startsWith("|"));
  const rows = lines.slice(first, end < 0 ? lines.length : end).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
  const [head = [], , ...body] = rows;
  return body.flatMap(([fault = "", ...outcomes]) =>
    outcomes.flatMap((outcome, i) => (outcome === "" ? [] : [{ fault, operation: head[i + 1] ?? "", outcome }])),
  );
}

/** The matrix as a table in Markdown: a row for each fault, a column for each operation. */
export function toMarkdown(cells: readonly Cell[]): string {
  const operations = [...new Set(cells.map(({ operation }) => operation))];
  const faults = [...new Set(cells.map(({ fault }) => fault))];
  const cellOf = (fault: string, operation: string) =>
    cells.find((cell) => cell.fault === fault && cell.operation === operation)?.outcome ?? "";
  const row = (texts: readonly string[]) => `| ${texts.join(" | ")} |`;
  return [
    row(["fault", ...operations]),
    row(["---", ...operations.map(() => "---")]),
    ...faults.map((fault) => row([fault, ...operations.map((operation) => cellOf(fault, operation))])),
  ].join("\n");
}
