import { defineObserver, type ObservedSession, type OpenObserver } from "pitlane";
import { Exposition } from "./exposition.ts";
import { openMetricsServer } from "./server.ts";
import { type PrometheusSettings, prometheusSettings } from "./settings.ts";

/** What of a session the exporter reads. */
export type ExportedSession = Pick<ObservedSession, "samples" | "alerts" | "log">;

/** Serves the session's metrics until it is closed. @throws {InvalidInputError} When it cannot listen where the settings say. */
export async function openExporter(session: ExportedSession, settings: PrometheusSettings): Promise<OpenObserver> {
  const server = await openMetricsServer({
    ...settings,
    exposition: new Exposition(session),
    onFault: (message) => session.log("prometheus", message),
  });
  return { lines: [`metrics  ${server.url}`], close: () => server.close() };
}

/** Whether the server could listen where the settings say. @throws {InvalidInputError} When it could not. */
async function checkPlace(settings: PrometheusSettings): Promise<void> {
  const nothing = { text: () => Buffer.alloc(0), zipped: async () => Buffer.alloc(0) };
  const probe = await openMetricsServer({ ...settings, exposition: nothing, onFault: () => {} }); // it is gone before anybody asks
  await probe.close();
}

/**
 * Serves what the session measures to Prometheus: on `http://127.0.0.1:9464/metrics` unless its settings say otherwise.
 *
 * @example
 * export default defineConfig({ observers: [{ use: "@pitlane/plugin-prometheus", config: { port: 9465 } }] });
 */
export const prometheus = defineObserver<PrometheusSettings>({
  name: "prometheus",
  version: "0.1.0",
  config: prometheusSettings,
  check: checkPlace,
  open: openExporter,
});
