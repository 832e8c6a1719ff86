import { existsSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { createFileStore } from "@pitlane/sdk";
import type { AxiomOptions, AxiomSession } from "@pitlane/sdk/axiom";
import { findSecrets } from "../config/find-secrets.ts";
import { SECRET_PREFIX } from "../config/text-values.ts";
import type { SettingsContext } from "./main.ts";
import { askHidden } from "./prompt.ts";
import { openSecretStore, SECRETS_FILE } from "./secrets.ts";

/** Where the session outlives the program, from the working folder. */
const AXIOM_SESSION_FILE = join(".pitlane", "axiom.session");

const NAMES = ["AXIOM_ACCESS_TOKEN", "AXIOM_REFRESH_TOKEN", "AXIOM_COOKIES", "AXIOM_EMAIL", "AXIOM_PASSWORD"] as const;

type Secrets = Partial<Record<(typeof NAMES)[number], string>>;

/**
 * How the program gets into Axiom: tokens or cookies of a browser, else e-mail and password with the mailed code asked for on the terminal,
 * all of them secrets; and the session that an earlier run left, sealed under `PITLANE_PASSPHRASE`, which is kept up to date.
 *
 * @throws {InvalidInputError} When there is nothing to get in with, saying what there may be.
 */
export async function axiomSession(
  context: SettingsContext,
): Promise<Pick<AxiomOptions, "session" | "credentials" | "sessionStore">> {
  const secrets = await readSecrets(context);
  const passphrase = context.env["PITLANE_PASSPHRASE"] ?? "";
  const path = join(context.cwd, AXIOM_SESSION_FILE);
  const sessionStore = passphrase === "" ? undefined : createFileStore<AxiomSession>({ path, passphrase });
  const { AXIOM_ACCESS_TOKEN: accessToken, AXIOM_REFRESH_TOKEN: refreshToken, AXIOM_COOKIES: cookies } = secrets;
  const { AXIOM_EMAIL: email, AXIOM_PASSWORD: password } = secrets;
  const hasTokens = [accessToken, refreshToken, cookies].some((secret) => secret !== undefined);
  const hasPassword = email !== undefined && password !== undefined;
  if (!hasTokens && !hasPassword && (sessionStore === undefined || !existsSync(path))) {
    throw new InvalidInputError(
      "axiom needs a session: `pitlane secret set` AXIOM_REFRESH_TOKEN, or AXIOM_COOKIES (the Cookie header of a browser that is logged in), or " +
        `AXIOM_EMAIL and AXIOM_PASSWORD, or set them as ${SECRET_PREFIX}AXIOM_...; with PITLANE_PASSPHRASE the session is kept in ${AXIOM_SESSION_FILE}`,
    );
  }
  return {
    ...(hasTokens ? { session: { accessToken, refreshToken, cookies } } : {}),
    ...(hasPassword ? { credentials: { email, password, onOtp: () => askCode(context) } } : {}),
    ...(sessionStore === undefined ? {} : { sessionStore }),
  };
}

/** Those that are there: in the environment, or else in the store. From here on lines and errors show none of them. */
async function readSecrets(context: SettingsContext): Promise<Secrets> {
  const { env, cwd, redactor } = context;
  let there = NAMES.filter((name) => (env[SECRET_PREFIX + name] ?? "") !== "");
  const store = there.length === 0 && existsSync(join(cwd, SECRETS_FILE)) ? await openSecretStore(context) : undefined;
  if (store !== undefined) {
    const stored = await store.list();
    there = NAMES.filter((name) => stored.includes(name));
  }
  const secrets = await findSecrets(there, { env, openStore: async () => store });
  redactor.set("axiom", [...secrets.values()]);
  return Object.fromEntries(secrets);
}

function askCode({ input, output, stop }: SettingsContext): Promise<string> {
  if (input.isTTY === true) return askHidden("Code of the mail from Axiom: ", input, output.terminal, stop);
  throw new InvalidInputError(
    "axiom has mailed a code, which is asked for on a terminal only: run this on one, or give the tokens of a browser's session",
  );
}
