/**
 * Compiles NAME.wat into NAME.wasm.ts beside it: `node scripts/build-wasm.mjs [FILE.wat]`, src/simd/kernels.wat when none is named;
 * with `--check` it writes nothing and fails when the committed file is not what the source gives.
 *
 * The compiled file is committed, so that sources and tests work without this step.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import loadWabt from "wabt";

const LINE = 116; // characters of base64 a line, so that the file keeps the line width of the others

const { values: flags, positionals } = parseArgs({
  options: { check: { type: "boolean", default: false } },
  allowPositionals: true,
});
const source = positionals[0] ?? fileURLToPath(new URL("../src/simd/kernels.wat", import.meta.url));
const target = source.replace(/\.wat$/, ".wasm.ts");
const text = toModule(basename(source), await compile(basename(source), readFileSync(source, "utf8")));
if (!flags.check) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  process.stderr.write(`${target} is out of date: run node scripts/build-wasm.mjs ${positionals.join(" ")}\n`);
  process.exitCode = 1;
}

/** @param {string} name @param {string} wat */
async function compile(name, wat) {
  const wabt = await loadWabt();
  const parsed = wabt.parseWat(name, wat, { simd: true });
  try {
    parsed.validate();
    return parsed.toBinary({}).buffer.slice(); // a copy: the original is a view of wabt's own memory
  } finally {
    parsed.destroy();
  }
}

/** @param {string} name @param {Uint8Array} wasm */
function toModule(name, wasm) {
  const lines = Buffer.from(wasm)
    .toString("base64")
    .match(new RegExp(`.{1,${LINE}}`, "g"));
  const constant = name
    .replace(/\.wat$/, "")
    .replaceAll("-", "_")
    .toUpperCase();
  return [
    `// Generated from ${name} by scripts/build-wasm.mjs of packages/perf. Do not edit.`,
    `/** The WebAssembly module that ${name} compiles to, ${wasm.length} bytes, in base64. */`,
    `export const ${constant}_WASM = \``,
    ...(lines ?? []),
    "`;",
    "",
  ].join("\n");
}
