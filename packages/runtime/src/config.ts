export type { Origin, Setting } from "./config/layers.ts";
export { checkConfig, defineConfig, type LoadSettingsOptions, loadConfig, loadSettings } from "./config/load.ts";
export type { Config, ConfigInput } from "./config/schema.ts";
export { secret } from "./config/secret-refs.ts";
export type { Settings } from "./config/settings.ts";
