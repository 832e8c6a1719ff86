import { removeSessionFile, writeSessionFile } from "../session-file.ts";
import { openMailbox } from "../session-mailbox.ts";
import type { ObservedSession, OpenObserver } from "./observer.ts";
import { openSampleFile } from "./sample-file.ts";

export interface RunFilesOptions {
  /** The process that has started this one and waits for it; null when there is none. */
  readonly launcherPid: number | null;
  /** Where the dashboard listens, without its token; null when there is none. */
  readonly dashboard: string | null;
}

/**
 * What a running session keeps in its run's folder for other programs: who it is (`session.json`), its mail (`pitlane profile`) and its
 * samples (`pitlane report`).
 */
export async function openRunFiles(session: ObservedSession, options: RunFilesOptions): Promise<OpenObserver> {
  const { folder, run, actions } = session;
  const onFault = (message: string) => session.log("run files", message);
  const closeSamples = await openSampleFile({ session, onFault });
  const closeMailbox = openMailbox({
    folder,
    perform: ({ profile, durationMs, by }, signal) => actions.profile(profile, durationMs, by, signal),
    onFault,
  });
  const { id, pid, startedAtUs, version } = run;
  writeSessionFile(folder, { run: id, pid, startedAtUs, version, ...options });
  return {
    close: async () => {
      removeSessionFile(folder, pid);
      await closeMailbox();
      await closeSamples();
    },
  };
}
