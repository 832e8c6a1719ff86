import type { ReadyObserver } from "../observe/load-observers.ts";
import { openRunFiles } from "../observe/run-files.ts";

/** Adds what every session keeps in its run's folder for other programs; opened last, so that it knows where the dashboard listens. */
export function withRunFiles(observers: readonly ReadyObserver[]): readonly ReadyObserver[] {
  const said: string[] = [];
  return [
    ...observers.map(({ name, open }) => ({
      name,
      open: async (...args: Parameters<typeof open>) => {
        const opened = await open(...args);
        said.push(...(opened.lines ?? []));
        return opened;
      },
    })),
    {
      name: "run files",
      open: (session) => openRunFiles(session, { launcherPid: launcherPid(), dashboard: dashboardIn(said) }),
    },
  ];
}

/** `pitlane start` runs in a process of its own: see `launchCalm`. */
function launcherPid(): number | null {
  return Number(process.env["PITLANE_LAUNCHER_PID"]) === process.ppid ? process.ppid : null;
}

/** Address in the dashboard's own line, without the token. Pure. */
export function dashboardIn(lines: readonly string[]): string | null {
  for (const line of lines) {
    const url = /^dashboard\b.*?(https?:\/\/\S+)/.exec(line)?.[1];
    if (url !== undefined && URL.canParse(url)) return new URL(url).origin;
  }
  return null;
}
