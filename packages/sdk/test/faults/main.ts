// `npm run matrix`: tries every fault on every operation, prints what comes of it, and exits with 1 where the docs say otherwise.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fromMarkdown, runMatrix, toMarkdown } from "./matrix.ts";
import { runRegionDeath } from "./region-death.ts";

const page = fileURLToPath(new URL("../../../../apps/docs/guide/sdk/fault-matrix.md", import.meta.url));
const { values } = parseArgs({
  options: { json: { type: "string" }, markdown: { type: "string" }, only: { type: "string" } },
});

const cells = await runMatrix(values.only === undefined ? {} : { only: values.only });
process.stdout.write(`${toMarkdown(cells)}\n\n`);
const deaths =
  values.only === undefined ? [await runRegionDeath("regionDown"), await runRegionDeath("regionSilent")] : [];
for (const { fault, readsAfterMs, streamAfterMs, submitted, unknown, lost, doubled, events } of deaths) {
  process.stdout.write(
    `${fault} of the primary region under load: reads answer after ${readsAfterMs} ms, the stream goes on after ${streamAfterMs} ms; ` +
      `${submitted} orders, ${unknown} in doubt and resolved, ${lost} lost, ${doubled} doubled; events: ${events.join(", ")}\n`,
  );
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ cells, deaths }, null, 2)}\n`);
if (values.markdown !== undefined) writeFileSync(values.markdown, `${toMarkdown(cells)}\n`);

const stated = new Map(
  fromMarkdown(readFileSync(page, "utf8")).map((cell) => [`${cell.fault} x ${cell.operation}`, cell.outcome]),
);
const different = cells.filter(({ fault, operation, outcome }) => stated.get(`${fault} x ${operation}`) !== outcome);
for (const { fault, operation, outcome } of different) {
  process.stdout.write(
    `differs: ${fault} x ${operation}: ${outcome}; the docs say: ${stated.get(`${fault} x ${operation}`) ?? "nothing"}\n`,
  );
}
process.exitCode = different.length === 0 && deaths.every(({ lost, doubled }) => lost + doubled === 0) ? 0 : 1;
