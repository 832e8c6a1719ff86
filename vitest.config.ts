import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { projects: ["packages/{paper,perf,runtime,sdk}", "packages/plugins/*", "apps/*", "scripts"], maxWorkers: 2 },
});
