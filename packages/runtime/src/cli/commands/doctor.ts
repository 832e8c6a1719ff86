import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type Clock, createSystemClock } from "@pitlane/perf";
import { binanceEndpoints, createBinanceMarket } from "@pitlane/sdk/binance";
import type { Command } from "commander";
import { satisfies } from "semver";
import { secretNames } from "../../config/secret-refs.ts";
import { environmentOf } from "../../config/venue-plan.ts";
import type { Config } from "../../config.ts";
import { readSystemText, usableCores } from "../../cpu-quota.ts";
import { type Check, type CheckStatus, failing, ok } from "../../doctor/check.ts";
import { checkHost } from "../../doctor/host.ts";
import { checkDisk, checkJournals, checkSecretFile } from "../../doctor/project.ts";
import { checkPlace, type VenuePlace } from "../../doctor/venue.ts";
import { checkVenueSettings } from "../../doctor/venue-settings.ts";
import { VERSION } from "../../version.ts";
import { EXIT } from "../exit.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import { loadChecked } from "../load-checked.ts";
import type { SettingsContext } from "../main.ts";
import { parseExchanges } from "../open-exchange.ts";
import { colors, type Output } from "../output.ts";
import { openSecretStore, SECRETS_FILE } from "../secrets.ts";
import { type SettingsFlags, settingsOf, withSettingsFlags } from "../settings-flags.ts";
import { urlsOf } from "../venues.ts";

interface DoctorFlags extends SettingsFlags {
  readonly exchange?: readonly string[];
  readonly offline?: true;
  readonly json?: string;
}

/** What opens the dashboard, where its plugin keeps it. */
const DASHBOARD_TOKEN_FILE = join(".pitlane", "dashboard-token");

const HELP = `
Looks at the machine, this folder and the venue: nothing is changed but for a file that is written, synced and removed where the runs are kept.
Exit code: 0 nothing is failing; 1 something is; 2 a setting is wrong.`;

/** `pitlane doctor`: is this machine fit to trade, and what would make it fitter? */
export function addDoctor(program: Command, context: SettingsContext): void {
  const { cwd, output, end, stop } = context;
  withSettingsFlags(program.command("doctor").description("look at the machine, this folder and the venue"))
    .option(
      "--exchange <url>",
      "a paper exchange that runs already, in place of the venue's regions; several, as alpha=URL, by repeating it",
      (url: string, earlier: readonly string[] = []) => [...earlier, url],
    )
    .option("--offline", "leave the venue out")
    .option("-j, --json <file>", "write what was found to this file")
    .addHelpText("after", HELP)
    .action(async (flags: DoctorFlags) => {
      const jsonPath = flags.json === undefined ? undefined : checkWritable(resolve(cwd, flags.json));
      const clock = createSystemClock();
      const { config } = await settingsOf(flags, context);
      const runs = resolve(cwd, ".pitlane", "runs");
      const checks: Check[] = [];
      const show = (found: readonly Check[]) => {
        checks.push(...found);
        for (const check of found) showCheck(check, output);
      };
      show(
        checkHost({
          nodeVersion: process.version,
          platform: process.platform,
          cores: usableCores(),
          read: readSystemText,
        }),
      );
      const secretFiles = [SECRETS_FILE, DASHBOARD_TOKEN_FILE].map((file) => checkSecretFile(join(cwd, file)));
      show([checkDisk(runs, clock), ...secretFiles, ...checkJournals(runs)]);
      show([await checkPlugins(config.strategies, cwd)]);
      if (flags.exchange === undefined)
        show(await checkVenueSettings(config, { env: context.env, listStored: () => listStored(context) }));
      if (flags.offline !== true) {
        const found = await Promise.all(
          placesOf(flags, config.venue, clock).map((place) => checkPlace(place, clock, stop)),
        );
        show(found.flat());
      }
      const worst = (status: CheckStatus) => checks.filter((check) => check.status === status).length;
      output.line(`${worst("ok")} ok, ${worst("warning")} warnings, ${worst("failing")} failing`);
      if (jsonPath !== undefined) {
        writeJson(jsonPath, { version: VERSION, node: process.version, checks });
        output.line(`report  ${relative(cwd, jsonPath) || jsonPath}`);
      }
      end(worst("failing") === 0 ? EXIT.done : EXIT.failed);
    });
}

const MARKS: Readonly<Record<CheckStatus, (text: string) => string>> = {
  ok: colors.green,
  warning: colors.yellow,
  failing: colors.red,
};

function showCheck({ name, status, found, remedy }: Check, output: Output): void {
  output.line(`${MARKS[status](status.padEnd(7))} ${name}: ${found}`);
  if (remedy !== "") output.line(`        ${colors.dim(remedy)}`);
}

async function checkPlugins(strategies: Config["strategies"], cwd: string): Promise<Check> {
  try {
    // Nobody is asked for secrets here: where settings name some, their values are not known, and names alone are checked.
    const entries = await loadChecked(strategies, cwd, undefined, secretNames(strategies).length === 0);
    const others = entries.filter(({ plugin: { pitlane } }) => pitlane !== undefined && !satisfies(VERSION, pitlane));
    const names = entries.map(({ plugin }) => `${plugin.name} ${plugin.version}`).join(", ");
    if (others.length === 0) return ok("plugins", names);
    const found = others.map(({ plugin }) => `${plugin.name} is for pitlane ${plugin.pitlane}, this is ${VERSION}`);
    return failing("plugins", found.join("; "), "install a version of the plugin, or of pitlane, that fits");
  } catch (error) {
    return failing("plugins", (error as Error).message, "correct what the settings name under strategies");
  }
}

/** Nobody is asked for a passphrase here: a check that waits is none. */
async function listStored(context: SettingsContext): Promise<readonly string[] | "locked" | undefined> {
  if (!existsSync(join(context.cwd, SECRETS_FILE))) return undefined;
  if ((context.env["PITLANE_PASSPHRASE"] ?? "") === "") return "locked";
  return (await openSecretStore(context)).list();
}

function placesOf({ exchange = [] }: DoctorFlags, venue: Config["venue"], clock: Clock): readonly VenuePlace[] {
  const addresses = parseExchanges(exchange);
  if (addresses.length > 0) return addresses.map(({ name, url }) => placeOf(name, url, clock));
  if (venue.urls.rest !== "") return [placeOf(venue.name, venue.urls.rest, clock)];
  const name = venue.name === "paper" ? "binance" : venue.name;
  const { rest } = binanceEndpoints({ environment: environmentOf(venue.name) });
  return rest.map(({ region, url }) => placeOf(`${name} ${region}`, url, clock));
}

function placeOf(name: string, url: string, clock: Clock): VenuePlace {
  const { hostname } = new URL(url);
  const client = createBinanceMarket({ urls: urlsOf(url), clock });
  return {
    name,
    host: hostname,
    resolve: async (signal) => {
      await Promise.race([lookup(hostname), aborted(signal)]);
    },
    getServerTimeUs: (signal) => client.market.getServerTimeUs({ signal }),
    close: () => client.close(),
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
