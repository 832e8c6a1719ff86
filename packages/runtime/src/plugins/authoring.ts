/** What plugins are made with: all of `pitlane` that there is in a worker thread, where no session runs. */
export { defineEvent } from "../bus/events.ts";
export { lotsWorth } from "../engines/sizing.ts";
export { allow, deny } from "../hooks/verdict.ts";
export { definePlugin, defineStrategy } from "./define.ts";
export { PermissionError, PluginClosedError } from "./errors.ts";
