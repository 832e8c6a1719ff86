// Writes the API reference into api/: one page per import path of the published packages, made from their sources.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Application } from "typedoc";

const here = import.meta.dirname;
const packages = resolve(here, "../../packages");
const out = join(here, "api");

/**
 * What can be imported from a package: `["@pitlane/sdk/binance", "/.../src/venues/binance/index.ts"]`.
 *
 * @param {string} folder
 * @returns {[string, string][]}
 */
function importPaths(folder) {
  const { name, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.entries(exports)
    .filter(([, target]) => target["@pitlane/source"] !== undefined)
    .map(([subpath, target]) => [name + subpath.slice(1), join(folder, target["@pitlane/source"])]);
}

// In the direction of imports: what two packages export is described where it comes from.
const plugins = readdirSync(join(packages, "plugins")).map((name) => `plugins/${name}`);
const entries = ["perf", "paper", "sdk", "runtime", ...plugins].flatMap((name) => importPaths(join(packages, name)));

const app = await Application.bootstrapWithPlugins({
  plugin: ["typedoc-plugin-markdown"],
  entryPoints: entries.map(([, file]) => file),
  tsconfig: join(here, "tsconfig.reference.json"),
  skipErrorChecking: true, // the type check is a step of its own
  alwaysCreateEntryPointModule: true,
  readme: "none",
  disableSources: true,
  excludePrivate: true,
  excludeExternals: true,
  excludeInternal: true,
  name: "API reference",
  outputs: [{ name: "markdown", path: out }],
  entryFileName: "index",
  outputFileStrategy: "modules",
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  tableColumnSettings: { hideModifiers: true },
});

const points = app.getEntryPoints() ?? [];
for (const point of points) {
  const entry = entries.find(([, file]) => file === point.sourceFile.fileName);
  if (entry !== undefined) point.displayName = entry[0];
}
const project = app.converter.convert(points);
rmSync(out, { recursive: true, force: true });
await app.generateOutputs(project);
// For the sidebar, which keeps this order.
const pages = entries.map(([text]) => ({ text, link: `/api/${text}` }));
writeFileSync(join(out, "pages.json"), `${JSON.stringify(pages, null, 2)}\n`);
if (app.logger.hasErrors() || points.length !== entries.length) process.exitCode = 1;
