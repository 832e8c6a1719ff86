import { KERNELS_WASM } from "./kernels.wasm.ts";

/** What kernels.wat exports. Addresses are in bytes from the start of the memory, counts in values. */
export interface WasmKernels {
  sum(values: number, count: number, lanes: number): void;
  weigh(values: number, weights: number, count: number, lanes: number): void;
  moments(a: number, b: number, count: number, lanes: number, pivotA: number, pivotB: number): void;
  widen(floats: number, count: number, doubles: number): void;
  rollingMean(values: number, count: number, window: number, means: number, suffixes: number): void;
  rollingVariance(values: number, count: number, window: number, variances: number, suffixes: number): void;
}

// Neither the ES2023 library nor Node 20's types know WebAssembly. The global itself is missing under `node --jitless`.
declare const WebAssembly:
  | {
      validate(bytes: Uint8Array): boolean;
      Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object, imports: object) => { readonly exports: object };
    }
  | undefined;

const PAGE_BYTES = 65_536;

/**
 * The SIMD kernels over a new memory of at least `bytes`, or undefined where the host cannot run them.
 *
 * The memory's maximum is its first size, so that arrays over it stay valid.
 */
export function loadWasm(bytes: number): { kernels: WasmKernels; buffer: ArrayBuffer } | undefined {
  if (typeof WebAssembly === "undefined") return undefined;
  const code = Uint8Array.from(Buffer.from(KERNELS_WASM, "base64"));
  if (!WebAssembly.validate(code)) return undefined; // an engine without SIMD finds unknown instructions in it
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  // Compiled at once: under 2 KB takes less time than coming back from a promise.
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { host: { memory } });
  return { kernels: instance.exports as WasmKernels, buffer: memory.buffer };
}
