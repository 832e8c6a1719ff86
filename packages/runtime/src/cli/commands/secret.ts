import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import type { Command } from "commander";
import { checkSecretName, checkSecretValue } from "../../config/secret-refs.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import type { SettingsContext } from "../main.ts";
import { askHidden, readPiped } from "../prompt.ts";
import { openSecretStore, SECRETS_FILE } from "../secrets.ts";

const HELP = `
Secrets are kept in ${SECRETS_FILE} of the working folder, sealed under a passphrase: PITLANE_PASSPHRASE, or asked for on a terminal.
A plugin's settings name one as "\${secret:NAME}". PITLANE_SECRET_NAME wins over the store.
  pitlane secret set FEED_KEY            asks for the value, which is not shown
  pitlane secret set FEED_KEY < key.txt  takes it from a file`;

/** `pitlane secret set | list | remove`: the encrypted store. No secret is ever taken from the command line, where others could read it. */
export function addSecret(program: Command, context: SettingsContext): void {
  const command = program
    .command("secret")
    .description("keep secrets for plugins in an encrypted file")
    .addHelpText("after", HELP);
  command
    .command("set")
    .description("store a secret, asked for or read from standard input")
    .argument("<name>", "capitals, digits and underscores, such as FEED_KEY")
    .action(async (name: string) => {
      checkSecretName(name);
      const store = await openSecretStore(context);
      await store.list(); // a wrong passphrase is told before the value is asked for
      const value = await readValue(name, context);
      context.redactor.set(name, [value]);
      await store.set(name, checkSecretValue(name, value));
      context.output.line(`${name} is stored in ${SECRETS_FILE}`);
    });
  command
    .command("list")
    .description("list the names of the stored secrets")
    .option("-j, --json <file>", "write the names to this file")
    .action(async ({ json }: { readonly json?: string }) => {
      const jsonPath = json === undefined ? undefined : checkWritable(resolve(context.cwd, json));
      const names = existsSync(join(context.cwd, SECRETS_FILE)) ? await (await openSecretStore(context)).list() : [];
      if (jsonPath !== undefined) writeJson(jsonPath, { names });
      for (const name of names) context.output.line(name);
      if (names.length === 0) context.output.line(`no secrets in ${SECRETS_FILE}`);
    });
  command
    .command("remove")
    .description("remove a stored secret")
    .argument("<name>", "its name")
    .action(async (name: string) => {
      const exists = existsSync(join(context.cwd, SECRETS_FILE));
      if (!exists || !(await (await openSecretStore(context)).remove(name)))
        throw new InvalidInputError(
          `there is no secret ${name} in ${SECRETS_FILE}: \`pitlane secret list\` shows what there is`,
        );
      context.output.line(`${name} is removed`);
    });
}

async function readValue(name: string, { input, output, stop }: SettingsContext): Promise<string> {
  return input.isTTY === true ? askHidden(`Value of ${name}: `, input, output.terminal, stop) : readPiped(input);
}
