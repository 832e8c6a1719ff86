import { VERSION } from "../version.ts";

/** Versions that a new project asks for, beside this program's own; those that this repository is built and tested with. */
export const PROJECT_VERSIONS = { valibot: "^1.5.0", typescript: "^6.0.3", vitest: "^4.1.12" } as const;

/**
 * The files of a new project, by name: a strategy that trades on the paper exchange, its settings and its test. Pure.
 *
 * @param name Kebab case; the strategy's name and the package's.
 */
export function projectFiles(name: string): Readonly<Record<string, string>> {
  return {
    "strategy.ts": strategy(name),
    "strategy.test.ts": strategyTest(name),
    "pitlane.config.ts": config(name),
    "package.json": `${JSON.stringify(manifest(name), null, 2)}\n`,
    "tsconfig.json": `${JSON.stringify(TSCONFIG, null, 2)}\n`,
    ".gitignore": "node_modules/\n.pitlane/\n",
    "README.md": readme(name),
  };
}

const strategy = (name: string) => `import { defineStrategy, lotsWorth } from "pitlane";
import * as v from "valibot";

/** Buys a little when the price has fallen from its last high, and sells what it has on a new high. */
export default defineStrategy({
  name: "${name}",
  config: v.strictObject({
    /** The symbol to trade. */
    symbol: v.optional(v.string(), "AAA/USDT"),
    /** How far the price must fall before it buys, in basis points; 1 to 1,000. */
    dipBps: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(1000)), 3),
  }),
  setup(ctx) {
    const instrument = ctx.instrument(ctx.config.symbol);
    const fall = ctx.config.dipBps / 10_000;
    let highTicks = 0;

    ctx.on("quote", { instrument }, ({ bidTicks, askTicks }) => {
      const held = Math.min(ctx.positionLots(instrument), ctx.sellableLots(instrument));
      if (ctx.openOrders(instrument).length > 0) return;
      const take = { instrument, type: "limit", timeInForce: "IOC" } as const;
      if (bidTicks > highTicks) {
        highTicks = bidTicks;
        if (held > 0) ctx.submit({ ...take, side: "sell", priceTicks: bidTicks, sizeLots: held });
      } else if (held === 0 && askTicks < highTicks * (1 - fall)) {
        const sizeLots = lotsWorth(instrument, askTicks, 10n * instrument.minNotional);
        ctx.submit({ ...take, side: "buy", priceTicks: askTicks, sizeLots });
      }
    });

    ctx.on("fill", ({ fill }) => ctx.log(\`\${fill.side} \${fill.sizeLots} lots at \${fill.priceTicks} ticks\`));
  },
});
`;

const strategyTest = (name: string) => `import { createTestHost, testInstrument } from "pitlane/testing";
import { expect, test } from "vitest";
import strategy from "./strategy.ts";

const setUp = (config: object = {}) => createTestHost({ plugin: strategy, instruments: [testInstrument()], config });

test("${name} buys after a fall of more than its dip, and sells on a new high", async () => {
  const host = await setUp();
  host.quote({ bidTicks: 10_000, askTicks: 10_002 });
  expect(host.orders).toHaveLength(0);
  host.quote({ bidTicks: 9_980, askTicks: 9_982 });
  expect(host.orders[0]?.intent).toMatchObject({ side: "buy", priceTicks: 9_982 });
  host.fill(host.orders[0]!);
  host.quote({ bidTicks: 10_010, askTicks: 10_012 });
  expect(host.orders[1]?.intent).toMatchObject({ side: "sell", priceTicks: 10_010 });
});

test("${name} waits for a deeper fall when told so", async () => {
  const host = await setUp({ dipBps: 100 });
  host.quote({ bidTicks: 10_000, askTicks: 10_002 });
  host.quote({ bidTicks: 9_980, askTicks: 9_982 });
  expect(host.orders).toHaveLength(0);
});
`;

const config = (name: string) => `import { defineConfig } from "pitlane";

export default defineConfig({
  strategies: [{ use: "./strategy.ts", config: { "${name}": { dipBps: 3 } } }],
  risk: { maxOrderNotional: "1000", maxPositionNotional: "5000" },
});
`;

const manifest = (name: string) => ({
  name,
  version: "0.0.0",
  private: true,
  type: "module",
  scripts: { start: "pitlane start", test: "vitest run", typecheck: "tsc" },
  dependencies: {
    "@pitlane/plugin-dashboard": `^${VERSION}`,
    pitlane: `^${VERSION}`,
    valibot: PROJECT_VERSIONS.valibot,
  },
  devDependencies: { typescript: PROJECT_VERSIONS.typescript, vitest: PROJECT_VERSIONS.vitest },
});

const TSCONFIG = {
  compilerOptions: {
    target: "ES2023",
    module: "NodeNext",
    strict: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ["*.ts"],
};

const readme = (name: string) => `# ${name}

A strategy for [Pitlane](https://www.npmjs.com/package/pitlane): one file, \`strategy.ts\`.

\`\`\`sh
npx pitlane run ./strategy.ts --duration 20s   # on the embedded paper exchange; needs no build
npm install && npm test                        # its test, and types in an editor
npx pitlane config --print                     # every setting, and who set it
\`\`\`

Settings are in \`pitlane.config.ts\`, under the strategy's name; \`npm start\` runs what it lists.
`;
