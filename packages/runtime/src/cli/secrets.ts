import { existsSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { findSecrets } from "../config/find-secrets.ts";
import { insertSecrets, secretNames } from "../config/secret-refs.ts";
import { createSecretStore, type SecretStore } from "../config/secret-store.ts";
import type { SettingsContext } from "./main.ts";
import { askHidden } from "./prompt.ts";

/** Where the secrets of a folder are kept, from there. */
export const SECRETS_FILE = join(".pitlane", "secrets");

/** The store of the working folder; the passphrase is `PITLANE_PASSPHRASE`, or asked for on a terminal. */
export async function openSecretStore(context: SettingsContext): Promise<SecretStore> {
  const path = join(context.cwd, SECRETS_FILE);
  return createSecretStore({ path, passphrase: await passphraseOf(context, existsSync(path)) });
}

async function passphraseOf({ env, input, output, stop }: SettingsContext, exists: boolean): Promise<string> {
  const given = env["PITLANE_PASSPHRASE"];
  if (given !== undefined && given !== "") return given;
  if (input.isTTY !== true)
    throw new InvalidInputError(
      `${SECRETS_FILE} needs its passphrase: set PITLANE_PASSPHRASE, or run this on a terminal to be asked`,
    );
  const passphrase = await askHidden(exists ? "Passphrase: " : "New passphrase: ", input, output.terminal, stop);
  if (exists) return passphrase;
  const again = await askHidden("Again: ", input, output.terminal, stop);
  if (again === passphrase) return passphrase;
  throw new InvalidInputError("the two passphrases differ: nothing was written");
}

/**
 * A copy of `settings` with its secrets in place. From here on the program's lines and errors show `[secret]` for each of them.
 *
 * @throws {InvalidInputError} When one is not set, or the store does not open.
 */
export async function withSecrets<T>(settings: T, context: SettingsContext): Promise<T> {
  const names = secretNames(settings);
  if (names.length === 0) return settings;
  const secrets = await findSecrets(names, {
    env: context.env,
    openStore: async () => (existsSync(join(context.cwd, SECRETS_FILE)) ? openSecretStore(context) : undefined),
  });
  context.redactor.set("settings", [...secrets.values()]);
  return insertSecrets(settings, secrets);
}
