import type { Config } from "../config/schema.ts";
import { secretNames } from "../config/secret-refs.ts";
import { SECRET_PREFIX } from "../config/text-values.ts";
import { planVenue } from "../config/venue-plan.ts";
import { type Check, failing, ok, warning } from "./check.ts";

interface VenueSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names in the encrypted store; undefined where there is none. "locked": there is one, and nobody has given its passphrase. */
  readonly listStored: () => Promise<readonly string[] | "locked" | undefined>;
}

/**
 * Looks at what the settings say of a real venue: whether a session could start there, and whether its keys are set. Nothing for paper. What a
 * command line can add is not missed: the yes to real money, and the strategy.
 */
export async function checkVenueSettings(
  { venue: settings }: Pick<Config, "venue">,
  { env, listStored }: VenueSources,
): Promise<readonly Check[]> {
  let plan: ReturnType<typeof planVenue>;
  try {
    plan = planVenue({ venue: { ...settings, live: true } }, { hasDefaultStrategies: false });
  } catch (error) {
    return [failing("venue", (error as Error).message, "a session would not start: correct the settings under venue")];
  }
  if (plan === undefined) return [];
  const { name, isRealMoney, symbols, credentials } = plan;
  const money = isRealMoney ? `real money${settings.live ? "" : " with --live"}` : "no real money";
  const venue = ok("venue", `${name}, ${money}: ${symbols.join(", ")}`);
  const outside = secretNames(credentials).filter((key) => (env[`${SECRET_PREFIX}${key}`] ?? "") === "");
  if (outside.length === 0) return [venue, ok("venue-keys", "in the environment")];
  const stored = await listStored();
  if (stored === "locked")
    return [
      venue,
      warning(
        "venue-keys",
        `${outside.join(", ")}: not in the environment, and the store was not opened`,
        "set PITLANE_PASSPHRASE to have it looked at",
      ),
    ];
  const missing = outside.filter((key) => stored?.includes(key) !== true);
  if (missing.length === 0) return [venue, ok("venue-keys", "in the encrypted store")];
  const remedy = `pitlane secret set ${missing[0]}, or set ${SECRET_PREFIX}${missing[0]}`;
  return [venue, failing("venue-keys", `${missing.join(", ")}: not set`, remedy)];
}
