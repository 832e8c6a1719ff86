import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import type { Command } from "commander";
import { EXIT } from "../exit.ts";
import type { CommandContext } from "../main.ts";
import { colors } from "../output.ts";
import { parseDuration, parseWhole } from "../parse.ts";

interface ExchangeFlags {
  readonly port?: string;
  readonly seed?: string;
  readonly duration?: string;
}

/** `pitlane exchange`: the paper exchange alone, for any client that speaks Binance spot's protocol. */
export function addExchange(program: Command, { output, stop, end }: CommandContext): void {
  program
    .command("exchange")
    .description("run the paper exchange alone; it speaks Binance spot's protocol over HTTP and WebSocket")
    .option("-p, --port <number>", "port to listen on (default: a free one)")
    .option("-s, --seed <number>", "seed of the market", "1")
    .option("-d, --duration <time>", "stop after this time (default: run until stopped)")
    .action(async ({ port, seed = "1", duration }: ExchangeFlags) => {
      const durationMs = duration === undefined ? undefined : parseDuration("--duration", duration);
      const paper = await createPaper({
        port: port === undefined ? 0 : parseWhole("--port", port, 1, 65_535),
        seed: parseWhole("--seed", seed, 0, 0xffffffff),
        onError: (error) => output.line(colors.yellow(`exchange: ${error.message}`)),
      });
      output.line(
        `${colors.bold("pitlane exchange")}  ${paper.instruments.map((instrument) => instrument.symbol).join(", ")}`,
      );
      output.line(`REST           ${paper.urls.rest}/api/v3`);
      output.line(`streams        ${paper.urls.stream}/ws and ${paper.urls.stream}/stream`);
      output.line(`WebSocket API  ${paper.urls.wsApi}`);
      output.line(`API key        ${paper.apiKey}`);
      output.line(`API secret     ${paper.apiSecret}`);
      output.line(colors.dim("demo credentials, worth nothing; stop with Ctrl-C"));
      await createSystemClock()
        .sleep(durationMs ?? Number.POSITIVE_INFINITY, stop)
        .catch((error: unknown) => {
          if (!stop.aborted) throw error;
        });
      await paper.close();
      end(EXIT.done);
    });
}
