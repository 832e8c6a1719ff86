import { build } from "esbuild";

/** A JSON Web Token with these claims. Its signature is made up: nobody here checks one. */
export function tokenOf(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** Lets everything that is ready run, so that what waits has reached its wait. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Bundles a program of ours into `outfile`, so that a process of its own can run it. Packages named in `external` are left to that process. */
export async function bundle(program: string, outfile: string, external: readonly string[] = []): Promise<void> {
  await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@pitlane/source"],
    external: [...external],
    outfile,
  });
}
