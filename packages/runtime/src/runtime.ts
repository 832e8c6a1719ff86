import type { Runtime, RuntimeOptions } from "./runtime-types.ts";
import { Session } from "./session.ts";

/**
 * Opens a session: learns the instruments, sets the plugins up, starts the journal, then opens the user stream and at last the market.
 *
 * @throws {InvalidInputError} When a plugin's config or setup fails; nothing was traded and the journal is valid.
 * @throws {RequestError} When the venue cannot be reached or refuses the login.
 */
export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const session = new Session(options, await options.client.market.listInstruments());
  try {
    await session.open();
  } catch (error) {
    await session.abandon(error as Error);
    throw error;
  }
  return session;
}
