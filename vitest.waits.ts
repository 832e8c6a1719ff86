import { vi } from "vitest";

/** How long `vi.waitFor` and `vi.waitUntil` wait unless told. Vitest's own second is too little for sockets on a busy machine. */
const WAIT_MS = 15_000;

type Options = Parameters<typeof vi.waitFor>[1];

const patient = (options: Options): Options =>
  typeof options === "number" ? options : { timeout: WAIT_MS, ...options };

const { waitFor, waitUntil } = vi;
vi.waitFor = (callback, options) => waitFor(callback, patient(options));
vi.waitUntil = (callback, options) => waitUntil(callback, patient(options));
