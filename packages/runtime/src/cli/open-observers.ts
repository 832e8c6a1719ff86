import { DEFAULT_DASHBOARD_PORT } from "../config/schema.ts";
import type { Config } from "../config.ts";
import { loadObservers, type ObserverEntry, type ReadyObserver } from "../observe/load-observers.ts";
import type { ObservedSession, OpenObserver } from "../observe/observer.ts";
import { isInstalled } from "../plugins/load-source.ts";
import { colors, type Output } from "./output.ts";

const DASHBOARD = "@pitlane/plugin-dashboard";

/** Observers whose settings are good. */
export interface ReadyObservers {
  readonly observers: readonly ReadyObserver[];
  /** For people: what there could be and is not. */
  readonly lines: readonly string[];
}

/**
 * Loads what watches a session: the dashboard, where it is wanted and installed, and what the settings list.
 *
 * @param settings With their secrets in place.
 * @param isThere Whether a package can be found.
 * @throws {InvalidInputError} As `loadObservers`.
 */
export async function prepareObservers(
  settings: Pick<Config, "dashboard" | "observers">,
  cwd: string,
  isThere: typeof isInstalled = isInstalled,
): Promise<ReadyObservers> {
  const { dashboard, observers } = settings;
  const entries: ObserverEntry[] = [...observers];
  const lines: string[] = [];
  if (dashboard.enabled) {
    if (isThere(DASHBOARD, cwd)) entries.unshift({ use: DASHBOARD, config: dashboardSettings(dashboard) });
    else lines.push(`dashboard not installed: npm install ${DASHBOARD} (--no-dashboard says that it is not wanted)`);
  }
  return { observers: await loadObservers(entries, cwd), lines };
}

/** A port that nobody asked for may be another one where it is taken. */
function dashboardSettings({ host, port, token }: Config["dashboard"]): object {
  return {
    host,
    ...(port === DEFAULT_DASHBOARD_PORT ? {} : { port }),
    ...(token === "" ? {} : { token }),
  };
}

/** Opens observers one after the other; what they say of themselves is shown. When one fails, those before it are closed again. */
export async function openObservers(
  observers: readonly ReadyObserver[],
  session: ObservedSession,
  output: Output,
): Promise<() => Promise<void>> {
  const open: { readonly name: string; readonly observer: OpenObserver }[] = [];
  const close = async () => {
    for (const { name, observer } of open.splice(0).reverse()) {
      try {
        await observer.close();
      } catch (error) {
        output.line(colors.yellow(`${name}: it did not close in order: ${(error as Error).message}`));
      }
    }
  };
  try {
    for (const { name, open: start } of observers) {
      const observer = await start(session);
      open.push({ name, observer });
      for (const line of observer.lines ?? []) output.line(line);
    }
    return close;
  } catch (error) {
    await close();
    throw error;
  }
}
