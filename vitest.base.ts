import { fileURLToPath } from "node:url";
import { defineProject } from "vitest/config";

/** Tests read the packages' TypeScript sources, so no build stands between an edit and its test. */
export const project = (name: string) =>
  defineProject({
    resolve: { conditions: ["@pitlane/source", "module", "node", "default"] },
    ssr: {
      resolve: {
        conditions: ["@pitlane/source", "module", "node", "default"],
        externalConditions: ["@pitlane/source", "module", "node", "default"],
      },
    },
    test: {
      name,
      include: ["test/**/*.test.ts"],
      environment: "node",
      setupFiles: [fileURLToPath(new URL("vitest.waits.ts", import.meta.url))],
      // For a busy machine: what waits for a condition loses nothing by them.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      expect: { poll: { timeout: 15_000 } },
    },
  });
