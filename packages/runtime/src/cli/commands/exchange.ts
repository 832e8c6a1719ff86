import {
  createPaper,
  DEMO_AXIOM_EMAIL,
  DEMO_AXIOM_PASSWORD,
  formatFault,
  type MarketModelName,
  type Paper,
  parseFault,
  parseRegions,
} from "@pitlane/paper";
import { createSystemClock, InvalidInputError } from "@pitlane/perf";
import type { Command } from "commander";
import { EXIT } from "../exit.ts";
import type { CommandContext } from "../main.ts";
import { colors, type Output } from "../output.ts";
import { parseDuration, parseWhole } from "../parse.ts";

interface ExchangeFlags {
  readonly port?: string;
  readonly seed?: string;
  readonly duration?: string;
  readonly regions?: string;
  readonly accounts?: string;
  readonly model?: string;
  readonly axiom?: true | string;
  readonly limits?: string;
  readonly fault: readonly string[];
}

const HELP = `
Faults are kind:option=value,... or JSON; the flag may be repeated:
  --fault 'delay:ms=200,jitterMs=50'
  --fault 'error:status=503,route=POST /api/v3/order,count=2'
  --fault 'regionDown:region=us,afterMs=5000,forMs=2000'
  --fault 'chaos:seed=7,rate=20'              random ones, 20 a minute; printed, and the same for the same seed
More can be added while it runs: POST one as JSON to /_paper/faults; GET lists them, DELETE ends them.
Regions are name:delayMs=..,jitterMs=..,port=..; several are joined with ";":
  --regions 'eu;us:delayMs=80,jitterMs=10'`;

/** `pitlane exchange`: the paper exchange alone, for any client that speaks Binance spot's protocol. */
export function addExchange(program: Command, { output, stop, end }: CommandContext): void {
  program
    .command("exchange")
    .description("run the paper exchange alone; it speaks Binance spot's protocol over HTTP and WebSocket")
    .option("-p, --port <number>", "port to listen on; further regions take the ones after it (default: free ones)")
    .option("-s, --seed <number>", "seed of the market and of faults", "1")
    .option("-d, --duration <time>", "stop after this time (default: run until stopped)")
    .option("--regions <list>", "regions, each a port of its own with its own delay (default: one)")
    .option("--model <name>", "random-walk, mean-reversion, correlated-pairs or flash-crash", "random-walk")
    .option("--accounts <names>", "accounts, by names joined with commas (default: demo)")
    .option("--axiom [port]", "serve Axiom too, on a port of its own; further regions take the ones after it")
    .option(
      "--limits <list>",
      "limits other than the venue's, such as requestWeightPerMinute=600000,ordersPer10Seconds=100",
    )
    .option("--fault <fault>", "a fault to begin with; may be repeated", collect, [])
    .addHelpText("after", HELP)
    .action(async (flags: ExchangeFlags) => {
      const { port, seed = "1", duration, regions, accounts, model = "random-walk", axiom, limits, fault } = flags;
      const durationMs = duration === undefined ? undefined : parseDuration("--duration", duration);
      const paper = await createPaper({
        port: port === undefined ? 0 : parseWhole("--port", port, 1, 65_535),
        seed: parseWhole("--seed", seed, 0, 0xffffffff),
        ...(regions === undefined ? {} : { regions: named("--regions", regions, parseRegions) }),
        ...(accounts === undefined ? {} : { accounts: accounts.split(",").map((name) => ({ name: name.trim() })) }),
        ...(limits === undefined ? {} : { limits: named("--limits", limits, parseLimits) }),
        model: model as MarketModelName, // checked there
        axiom: typeof axiom === "string" ? { port: parseWhole("--axiom", axiom, 1, 65_535) } : axiom === true,
        faults: fault.map((text) => named("--fault", text, parseFault)),
        onError: (error) => output.line(colors.yellow(`exchange: ${error.message}`)),
      });
      show(paper, output);
      await createSystemClock()
        .sleep(durationMs ?? Number.POSITIVE_INFINITY, stop)
        .catch((error: unknown) => {
          if (!stop.aborted) throw error;
        });
      await paper.close();
      end(EXIT.done);
    });
}

/** Reads `name=number,...`. Which names there are the exchange knows. */
function parseLimits(text: string): Readonly<Record<string, number>> {
  const pairs = text.split(",").map((pair) => pair.split("="));
  const bad = pairs.find(
    ([name, value, ...rest]) => !name?.trim() || !/^\s*\d+\s*$/.test(value ?? "") || rest.length > 0,
  );
  if (bad !== undefined)
    throw new InvalidInputError(`"${bad.join("=")}" must be a limit's name, "=", and a whole number`);
  return Object.fromEntries(pairs.map(([name = "", value]) => [name.trim(), Number(value)]));
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

/** Reads the value of a flag. @throws {InvalidInputError} As `parse` does, naming the flag and where help is. */
function named<T>(flag: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof InvalidInputError)) throw cause;
    throw new InvalidInputError(`${flag} "${text}": ${cause.message} (pitlane exchange --help shows examples)`, {
      cause,
    });
  }
}

function show(paper: Paper, output: Output): void {
  output.line(
    `${colors.bold("pitlane exchange")}  ${paper.instruments.map((instrument) => instrument.symbol).join(", ")}`,
  );
  for (const { name, urls } of paper.regions) {
    if (paper.regions.length > 1) output.line(colors.bold(`region ${name}`));
    output.line(`REST           ${urls.rest}/api/v3`);
    output.line(`streams        ${urls.stream}/ws and ${urls.stream}/stream`);
    output.line(`WebSocket API  ${urls.wsApi}`);
  }
  for (const { name, urls } of paper.axiom?.regions ?? []) {
    output.line(colors.bold(paper.regions.length > 1 ? `Axiom in region ${name}` : "Axiom"));
    output.line(`REST           ${urls.rest}`);
    output.line(`rooms, Pulse   ${urls.cluster} and ${urls.pulse}`);
    output.line(
      `login          ${DEMO_AXIOM_EMAIL} with ${DEMO_AXIOM_PASSWORD}; mail codes: ${urls.rest}/_paper/axiom/mails`,
    );
  }
  for (const { name, apiKey, apiSecret } of paper.accounts) {
    if (paper.accounts.length > 1) output.line(colors.bold(`account ${name}`));
    output.line(`API key        ${apiKey}`);
    output.line(`API secret     ${apiSecret}`);
  }
  output.line(`faults, ledger ${paper.urls.rest}/_paper/faults and ${paper.urls.rest}/_paper/ledger`);
  for (const fault of paper.faults.schedule) output.line(`fault          ${formatFault(fault)}`);
  output.line(colors.dim("demo credentials, worth nothing; stop with Ctrl-C"));
}
