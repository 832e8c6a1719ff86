import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { projects: ["packages/*", "!packages/plugins", "packages/plugins/*", "apps/*", "scripts"], maxWorkers: 2 },
});
