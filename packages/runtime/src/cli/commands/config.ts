import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { formatOrigin, type Setting } from "../../config/layers.ts";
import { formatPath } from "../../config/path.ts";
import { secretNames } from "../../config/secret-refs.ts";
import type { Settings } from "../../config/settings.ts";
import { SECRET_PREFIX } from "../../config/text-values.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import type { SettingsContext } from "../main.ts";
import { colors } from "../output.ts";
import { openSecretStore, SECRETS_FILE } from "../secrets.ts";
import { type SettingsFlags, settingsOf, withSettingsFlags } from "../settings-flags.ts";

interface ConfigFlags extends SettingsFlags {
  readonly print?: true;
  readonly json?: string;
}

/** Where a secret that the settings name would be taken from; never what it is. */
interface SecretPlace {
  readonly name: string;
  /** A variable, the store's file with a word on it where it could not be opened, or null when it is in neither. */
  readonly from: string | null;
}

const HELP = `
From weak to strong: defaults, the profile, the config file, environment variables (PITLANE_RISK__MAX_ORDER_NOTIONAL), flags.
Secrets are shown by name. Exit code: 0 right; 2 a value is wrong.`;

/** `pitlane config`: are the settings right, what are they, and who set them? */
export function addConfig(program: Command, context: SettingsContext): void {
  const { cwd, output } = context;
  withSettingsFlags(program.command("config").description("check the settings, and show where each came from"))
    .option("-p, --print", "show every setting and who set it")
    .option("-j, --json <file>", "write them to this file")
    .addHelpText("after", HELP)
    .action(async (flags: ConfigFlags) => {
      const jsonPath = flags.json === undefined ? undefined : checkWritable(resolve(cwd, flags.json));
      const settings = await settingsOf(flags, context);
      const secrets = await placesOf(settings, context);
      if (jsonPath !== undefined) writeJson(jsonPath, configDocument(settings, secrets));
      const lines = flags.print === true ? printedLines(settings.list) : [summaryLine(settings)];
      for (const line of lines) output.line(line);
      for (const { name, from } of secrets)
        output.line(`secret ${name}  ${from === null ? colors.red("not set") : colors.dim(from)}`);
    });
}

function summaryLine({ file, list }: Settings): string {
  const set = list.filter(({ origin }) => origin.layer !== "default").length;
  return `${colors.green("right")}: ${file ?? "no config file"}, ${set} of ${list.length} values are set (--print shows all)`;
}

/** Every setting in columns: path, value, who set it. Pure. */
function printedLines(list: readonly Setting[]): readonly string[] {
  const rows = list.map(({ path, value, origin }) => [formatPath(path), show(value), formatOrigin(origin)] as const);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map(([path, value, origin]) => {
    const isDefault = origin === "default";
    const shown = value.padEnd(widths[1]!);
    return `${path.padEnd(widths[0]!)}  ${isDefault ? shown : colors.bold(shown)}  ${isDefault ? colors.dim(origin) : origin}`;
  });
}

/** A value as a config file would have it; what only a program can hold (a function, say) by its kind. */
function show(value: unknown): string {
  return typeof value === "bigint" ? `${value}n` : (JSON.stringify(value) ?? `(${typeof value})`);
}

/** What `--json` writes: the settings whole, and one entry a value. Pure. */
function configDocument({ file, config, list }: Settings, secrets: readonly SecretPlace[]): object {
  return {
    file: file ?? null,
    profile: config.profile,
    config: JSON.parse(JSON.stringify(config, plain)) as unknown,
    settings: list.map(({ path, value, origin }) => ({
      path: formatPath(path),
      value: plain("", value) ?? show(value),
      layer: origin.layer,
      from: formatOrigin(origin),
    })),
    secrets,
  };
}

function plain(_name: string, value: unknown): unknown {
  return typeof value === "bigint" || typeof value === "function" ? show(value) : value;
}

async function placesOf({ config }: Settings, context: SettingsContext): Promise<readonly SecretPlace[]> {
  const { strategies, observers, dashboard, alerts } = config;
  const names = secretNames([strategies.map((strategy) => strategy.config), observers, dashboard, alerts]);
  const isInEnv = (name: string) => (context.env[`${SECRET_PREFIX}${name}`] ?? "") !== "";
  const hasStore = existsSync(join(context.cwd, SECRETS_FILE));
  const isOpen = hasStore && (context.env["PITLANE_PASSPHRASE"] ?? "") !== "";
  const stored = isOpen && !names.every(isInEnv) ? await (await openSecretStore(context)).list() : [];
  return names.map((name) => {
    if (isInEnv(name)) return { name, from: `${SECRET_PREFIX}${name}` };
    if (stored.includes(name)) return { name, from: SECRETS_FILE };
    return { name, from: hasStore && !isOpen ? `${SECRETS_FILE}, perhaps: PITLANE_PASSPHRASE is not set` : null };
  });
}
