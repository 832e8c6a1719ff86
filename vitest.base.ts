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
    test: { name, include: ["test/**/*.test.ts"], environment: "node", testTimeout: 30_000, hookTimeout: 30_000 },
  });
