/**
 * Compiles src/simd/kernels.wat into src/simd/kernels.wasm.ts: `node scripts/build-wasm.mjs`; with `--check` it writes nothing
 * and fails when the committed file is not what the source gives.
 *
 * The compiled file is committed, so that sources and tests work without this step.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import loadWabt from "wabt";

const source = new URL("../src/simd/kernels.wat", import.meta.url);
const target = new URL("../src/simd/kernels.wasm.ts", import.meta.url);
const LINE = 116; // characters of base64 a line, so that the file keeps the line width of the others

const { values: flags } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const text = toModule(await compile(readFileSync(source, "utf8")));
if (!flags.check) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  process.stderr.write(`${fileURLToPath(target)} is out of date: run node scripts/build-wasm.mjs\n`);
  process.exitCode = 1;
}

/** @param {string} wat */
async function compile(wat) {
  const wabt = await loadWabt();
  const parsed = wabt.parseWat("kernels.wat", wat, { simd: true });
  try {
    parsed.validate();
    return parsed.toBinary({}).buffer.slice(); // a copy: the original is a view of wabt's own memory
  } finally {
    parsed.destroy();
  }
}

/** @param {Uint8Array} wasm */
function toModule(wasm) {
  const lines = Buffer.from(wasm)
    .toString("base64")
    .match(new RegExp(`.{1,${LINE}}`, "g"));
  return [
    "// Generated from kernels.wat by scripts/build-wasm.mjs. Do not edit.",
    `/** The WebAssembly module of the SIMD kernels, ${wasm.length} bytes, in base64. */`,
    "export const KERNELS_WASM = `",
    ...(lines ?? []),
    "`;",
    "",
  ].join("\n");
}
