import { lockResumed } from "./open-journal.ts";
import type { Runtime, RuntimeOptions } from "./runtime-types.ts";
import { Session } from "./session.ts";

/**
 * Opens a session: learns the instruments, sets the plugins up, starts the journal, then opens the user stream and at last the market. The
 * journal of a run to go on with is locked and checked before all that.
 *
 * @throws {InvalidInputError} When a plugin's config or setup fails; nothing was traded and the journal is valid.
 * @throws {JournalLockedError | JournalCorruptError | JournalVersionError} When the run cannot be gone on with; nothing was asked of the venue.
 * @throws {RequestError} When the venue cannot be reached or refuses the login.
 */
export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const resumed = lockResumed(options);
  let session: Session | undefined;
  try {
    const instruments = await options.client.market.listInstruments();
    session = new Session({ ...options, ...(resumed === undefined ? {} : { resumed }) }, instruments);
    await session.open();
    return session;
  } catch (error) {
    await session?.abandon(error as Error);
    resumed?.close();
    throw error;
  }
}
