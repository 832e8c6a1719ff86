import { prometheus } from "./observer.ts";

export { type ExportedSession, openExporter, prometheus } from "./observer.ts";
export { type PrometheusSettings, prometheusSettings } from "./settings.ts";

/** What the setting `observers` takes from this package. */
export default prometheus;
