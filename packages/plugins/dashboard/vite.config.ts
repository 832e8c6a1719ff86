import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The page, into `dist/page`: every byte it needs, so that no request leaves the machine. */
export default defineConfig({
  root: folder("page"),
  // Relative, so that the folder can be served under any path.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: folder("dist/page"),
    emptyOutDir: true,
    target: "es2022",
    // A data: address in a stylesheet is one more thing for the content security policy to allow; files need nothing.
    assetsInlineLimit: 0,
    // Every browser that the page supports preloads modules itself.
    modulePreload: { polyfill: false },
    // What the bundled packages ask for: their terms go with their code.
    license: { fileName: "licenses.md" },
  },
});
