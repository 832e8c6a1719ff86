import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { fileURLToPath } from "node:url";
import { type Clock, InvalidInputError } from "@pitlane/perf";
import { defineObserver, type ObservedSession, type OpenObserver } from "pitlane";
import * as v from "valibot";
import { createInlineReader, openThreadReader, type Reader } from "./reading/reader.ts";
import { runtimeParts } from "./runtime-parts.ts";
import { checkPlace, type OpenDashboard, serveDashboard } from "./server.ts";
import { type CheckedSettings, checkReach, type DashboardSettings, dashboardConfig } from "./settings.ts";
import { readPage } from "./static.ts";
import { keepToken } from "./token.ts";

export { toPoint } from "./point.ts";
export type * from "./protocol.ts";
export type { DashboardSettings, OpenDashboard };

/**
 * Serves the dashboard of a session, with what this machine has: its own page, a reader thread, a token kept in the project.
 *
 * @throws {InvalidInputError} When others could reach it without a token that somebody has chosen, or it cannot listen.
 * @example
 * const dashboard = await openDashboard(session, { port: 7070 });
 * console.log(dashboard.link);
 * await dashboard.close();
 */
export async function openDashboard(
  session: ObservedSession,
  settings: DashboardSettings = {},
): Promise<OpenDashboard> {
  const checked = checkSettings(settings);
  checkReach(checked);
  const reader = await openReader(session.clock);
  try {
    return await serveDashboard({
      session,
      settings: checked,
      token: checked.token ?? keepToken(session.folder, randomBytes),
      page: readPage(pageFolder()),
      reader,
      runtime: runtimeParts(session.clock),
      addresses: Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)),
    });
  } catch (error) {
    await reader.close();
    throw error;
  }
}

function checkSettings(settings: DashboardSettings): CheckedSettings {
  const { success, output, issues } = v.safeParse(dashboardConfig, settings);
  if (success) return output;
  const said = issues.map((issue) => `${v.getDotPath(issue) ?? "settings"}: ${issue.message}`);
  throw new InvalidInputError(`the dashboard's settings are wrong: ${said.join("; ")}`);
}

/** Built, this code stands in dist/ beside the page and the thread's program; as source it stands beside dist/. */
function pageFolder(): string {
  return fileURLToPath(new URL(isSource() ? "../dist/page" : "./page", import.meta.url));
}

async function openReader(clock: Clock): Promise<Reader> {
  return isSource() ? createInlineReader() : openThreadReader(new URL("./reader-thread.js", import.meta.url), clock);
}

function isSource(): boolean {
  return import.meta.url.endsWith(".ts");
}

/**
 * The dashboard: a page that shows a running session, and lets an operator act. For the setting `observers`.
 *
 * @example
 * export default defineConfig({ observers: [{ use: "@pitlane/plugin-dashboard", config: { port: 7071 } }] });
 */
export default defineObserver<CheckedSettings>({
  name: "dashboard",
  version: "0.1.0",
  config: dashboardConfig,
  check: checkPlace,
  open: (session: ObservedSession, settings: CheckedSettings): Promise<OpenObserver> =>
    openDashboard(session, settings),
});
