/**
 * Checks that imports between our packages go one way: perf <- sdk <- runtime <- plugins, with paper beside sdk on perf alone.
 *
 * `node scripts/check-imports.mjs` prints each violation as `path:line: what is wrong and what to do` and exits 1, or prints
 * one line when all is well. Looked at are the imports (static, dynamic, of types, `export .. from`, `require`) of every
 * source file of every workspace package, tests and benches included, and the four kinds of dependencies in their
 * package.json. What only looks like a path to a program that runs (`new URL(..)`, `require.resolve`) is not an import here.
 *
 * Not looked at: files of no package (root configs, scripts/).
 */
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/**
 * @typedef {object} Package A workspace package.
 * @property {string} dir Its folder from the root, with "/": `packages/sdk`.
 * @property {string} manifest The text of its package.json.
 *
 * @typedef {object} SourceFile
 * @property {string} path From the root, with "/".
 * @property {string} text
 *
 * @typedef {object} Violation
 * @property {string} path
 * @property {number} line Counted from 1.
 * @property {string} message What is wrong and what to do.
 *
 * @typedef {"perf" | "paper" | "sdk" | "runtime" | "plugin" | "user"} Layer "user" is for apps, examples and the root's bench.
 *
 * @typedef {object} Member A package with its manifest read.
 * @property {string} dir
 * @property {string} name
 * @property {Layer | undefined} layer
 * @property {boolean} isPrivate
 * @property {string} manifest
 * @property {Map<string, Set<string>>} declared Own packages it declares, with the kinds of dependencies they are in.
 */

/** @type {Readonly<Record<Layer, { anywhere: readonly Layer[], inTests: readonly Layer[] }>>} */
const MAY_IMPORT = {
  perf: { anywhere: [], inTests: [] },
  paper: { anywhere: ["perf"], inTests: [] },
  sdk: { anywhere: ["perf"], inTests: ["paper"] },
  runtime: { anywhere: ["perf", "sdk", "paper"], inTests: [] },
  plugin: { anywhere: ["perf", "sdk", "runtime"], inTests: ["paper"] },
  user: { anywhere: ["perf", "sdk", "paper", "runtime", "plugin"], inTests: [] },
};

/** What benches of all packages share. */
const BENCH_PARTS = new Set(
  ["browsed", "called", "exchanged", "flooded", "listeners", "suite", "ticked"].map(
    (name) => `scripts/bench/${name}.ts`,
  ),
);

const DEPENDENCY_KINDS = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
const WORKSPACE_GLOBS = ["packages/*", "packages/plugins/*", "apps/*", "examples/*", "bench"];
const SOURCE = /\.[cm]?[jt]sx?$/;
const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "coverage", ".turbo", ".git"]);
const GENERATED = /(?:^|\/)\.vitepress\/cache$/;

/**
 * Every place where imports or declared dependencies go against the rule, by path and line. Pure.
 *
 * @param {readonly Package[]} packages All packages of the workspace.
 * @param {readonly SourceFile[]} files Their source files; files of no package are passed over.
 * @returns {Violation[]}
 */
export function findViolations(packages, files) {
  /** @type {Violation[]} */
  const violations = [];
  const members = readMembers(packages, violations);
  const byName = new Map(members.map((member) => [member.name, member]));
  for (const member of members) checkManifest(member, byName, violations);
  checkCycles(members, byName, violations);
  for (const file of files) {
    const importer = ownerOf(file.path, members);
    if (importer !== undefined) checkFile(file, importer, members, byName, violations);
  }
  return violations.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}

/**
 * Reads the workspace under `root`.
 *
 * @param {string} root
 * @returns {{ packages: Package[], files: SourceFile[] }}
 */
export function readWorkspace(root) {
  /** @type {Package[]} */
  const packages = [];
  /** @type {SourceFile[]} */
  const files = [];
  for (const glob of WORKSPACE_GLOBS) {
    for (const dir of glob.endsWith("/*") ? foldersIn(root, glob.slice(0, -2)) : [glob]) {
      const manifest = join(root, dir, "package.json");
      if (!existsSync(manifest)) continue;
      packages.push({ dir, manifest: readFileSync(manifest, "utf8") });
      readSources(root, dir, files);
    }
  }
  return { packages, files };
}

/**
 * @param {readonly Package[]} packages
 * @param {Violation[]} violations
 * @returns {Member[]}
 */
function readMembers(packages, violations) {
  /** @type {{ dir: string, manifest: string, json: Record<string, unknown> }[]} */
  const parsed = [];
  for (const { dir, manifest } of packages) {
    try {
      parsed.push({ dir, manifest, json: JSON.parse(manifest) });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      violations.push({ path: `${dir}/package.json`, line: 1, message: `is not valid JSON (${reason}): repair it` });
    }
  }
  const names = new Set(parsed.map(({ json }) => json["name"]));
  return parsed.map(({ dir, manifest, json }) => {
    const name = String(json["name"]);
    const layer = layerOf(dir);
    if (layer === undefined) {
      const message = `there is no rule for what ${name} may import: add its layer to scripts/check-imports.mjs`;
      violations.push({ path: `${dir}/package.json`, line: lineOf(manifest, '"name"'), message });
    }
    /** @type {Map<string, Set<string>>} */
    const declared = new Map();
    for (const kind of DEPENDENCY_KINDS) {
      for (const dependency of Object.keys(json[kind] ?? {})) {
        if (!names.has(dependency) && !isOurs(dependency)) continue;
        declared.set(dependency, (declared.get(dependency) ?? new Set()).add(kind));
      }
    }
    return { dir, name, layer, isPrivate: json["private"] === true, manifest, declared };
  });
}

/**
 * @param {Member} member
 * @param {ReadonlyMap<string, Member>} byName
 * @param {Violation[]} violations
 */
function checkManifest(member, byName, violations) {
  for (const [name, kinds] of member.declared) {
    for (const kind of kinds) {
      // Development dependencies serve tests and benches; what ships is checked file by file.
      const message = refusal(member, name, byName, kind === "devDependencies");
      if (message === undefined) continue;
      const line = lineOf(member.manifest, `"${name}"`, member.manifest.indexOf(`"${kind}"`));
      violations.push({ path: `${member.dir}/package.json`, line, message: `${kind}: ${message}` });
    }
  }
}

/**
 * @param {readonly Member[]} members
 * @param {ReadonlyMap<string, Member>} byName
 * @param {Violation[]} violations
 */
function checkCycles(members, byName, violations) {
  /** @type {Set<Member>} */
  const done = new Set();
  /** @type {Member[]} */
  const trail = [];
  /** @param {Member} member */
  const visit = (member) => {
    const start = trail.indexOf(member);
    if (start >= 0) {
      const last = /** @type {Member} */ (trail.at(-1));
      const cycle = [...trail.slice(start), member].map(({ name }) => name).join(" -> ");
      const message = `dependencies go in a circle, ${cycle}: move what both need into a package both depend on`;
      violations.push({
        path: `${last.dir}/package.json`,
        line: lineOf(last.manifest, `"${member.name}"`, 1),
        message,
      });
      return;
    }
    if (done.has(member)) return;
    trail.push(member);
    for (const name of member.declared.keys()) {
      const next = byName.get(name);
      if (next !== undefined && next !== member) visit(next);
    }
    trail.pop();
    done.add(member);
  };
  for (const member of members) visit(member);
}

/**
 * @param {SourceFile} file
 * @param {Member} importer
 * @param {readonly Member[]} members
 * @param {ReadonlyMap<string, Member>} byName
 * @param {Violation[]} violations
 */
function checkFile(file, importer, members, byName, violations) {
  const inside = file.path.slice(importer.dir.length + 1);
  const inTests = /^(?:test|bench)\//.test(inside);
  const ships = /^(?:src|bin)\//.test(inside) && !importer.isPrivate;
  for (const { fileName: specifier, pos } of ts.preProcessFile(file.text, true, true).importedFiles) {
    const message = /^\.{1,2}(?:\/|$)/.test(specifier)
      ? relativeRefusal(specifier, inside, importer, members)
      : nameRefusal(packageOf(specifier), importer, byName, inTests, ships);
    if (message !== undefined) violations.push({ path: file.path, line: lineAt(file.text, pos), message });
  }
}

/**
 * What is wrong with an import by relative path.
 *
 * @param {string} specifier
 * @param {string} inside The importing file, from its package's folder.
 * @param {Member} importer
 * @param {readonly Member[]} members
 */
function relativeRefusal(specifier, inside, importer, members) {
  const target = posix.join(importer.dir, posix.dirname(inside), specifier);
  if (target === importer.dir || target.startsWith(`${importer.dir}/`)) return undefined;
  const other = ownerOf(target, members);
  if (other !== undefined) {
    return `${specifier} reaches into ${other.dir}: import ${other.name} by its name, from what its package.json exports`;
  }
  // The settings all packages share lie in the root folder, and are read by tools, not shipped.
  const isConfig = /^[a-z]+\.config\.[cm]?[jt]s$/.test(inside);
  if (isConfig && posix.dirname(target) === ".") return undefined;
  // The form of a bench suite, and the flood that streams are measured in, are one for all packages; benches are not shipped either.
  const isBench = importer.dir === "bench" || inside.startsWith("bench/");
  if (isBench && BENCH_PARTS.has(target)) return undefined;
  return `${specifier} leaves ${importer.dir}: move what is needed into a package and import it by name`;
}

/**
 * What is wrong with an import by package name.
 *
 * @param {string} name
 * @param {Member} importer
 * @param {ReadonlyMap<string, Member>} byName
 * @param {boolean} inTests
 * @param {boolean} ships
 */
function nameRefusal(name, importer, byName, inTests, ships) {
  if (name === importer.name || (!byName.has(name) && !isOurs(name))) return undefined;
  const refused = refusal(importer, name, byName, inTests);
  if (refused !== undefined) return refused;
  const kinds = importer.declared.get(name);
  if (kinds === undefined) {
    return `${name} is imported but not declared: add it to ${importer.dir}/package.json with "workspace:^"`;
  }
  if (ships && kinds.size === 1 && kinds.has("devDependencies")) {
    return `${name} is a development dependency, but this file ships: declare it under dependencies or peerDependencies`;
  }
  return undefined;
}

/**
 * Why `importer` may not use the package `name`, `undefined` when it may.
 *
 * @param {Member} importer
 * @param {string} name
 * @param {ReadonlyMap<string, Member>} byName
 * @param {boolean} inTests Whether the use is in test/ or bench/, or as a development dependency.
 * @returns {string | undefined}
 */
function refusal(importer, name, byName, inTests) {
  const imported = byName.get(name);
  if (imported === undefined) return `there is no package ${name} in the workspace: correct the name`;
  if (imported === importer) return `${name} depends on itself: remove it`;
  if (importer.layer === undefined || imported.layer === undefined) return undefined; // told where the rule is missing
  if (imported.layer === "user") return `nothing may import ${name}: move what is needed into a package`;
  const { anywhere, inTests: alsoInTests } = MAY_IMPORT[importer.layer];
  if (anywhere.includes(imported.layer)) return undefined;
  if (alsoInTests.includes(imported.layer)) {
    if (inTests) return undefined;
    return `${importer.name} may use ${name} in test/ and bench/ only, as a development dependency: move the use there`;
  }
  const allowed = anywhere.length === 0 ? "none of our packages" : `only ${anywhere.join(", ")}`;
  return `${importer.name} may not import ${name}, it imports ${allowed}: move the code to the side that may, or pass it in`;
}

/**
 * @param {string} dir
 * @returns {Layer | undefined}
 */
function layerOf(dir) {
  if (dir === "bench" || /^(?:apps|examples)\/[^/]+$/.test(dir)) return "user";
  if (/^packages\/plugins\/[^/]+$/.test(dir)) return "plugin";
  const name = /^packages\/(perf|paper|sdk|runtime)$/.exec(dir)?.[1];
  return /** @type {Layer | undefined} */ (name);
}

/**
 * The package whose folder `path` is in or is.
 *
 * @param {string} path
 * @param {readonly Member[]} members
 */
function ownerOf(path, members) {
  return members.find(({ dir }) => path === dir || path.startsWith(`${dir}/`));
}

/** @param {string} name */
function isOurs(name) {
  return name === "pitlane" || name.startsWith("@pitlane/");
}

/**
 * `@scope/name` or `name`, without a path inside the package.
 *
 * @param {string} specifier
 */
function packageOf(specifier) {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/**
 * The line of the first `needle` at or after `from`; that of `from` when there is none.
 *
 * @param {string} text
 * @param {string} needle
 */
function lineOf(text, needle, from = 0) {
  const at = text.indexOf(needle, from);
  return lineAt(text, Math.max(at, from, 0));
}

/**
 * @param {string} text
 * @param {number} offset
 */
function lineAt(text, offset) {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/**
 * @param {string} root
 * @param {string} parent
 */
function foldersIn(root, parent) {
  if (!existsSync(join(root, parent))) return [];
  const entries = readdirSync(join(root, parent), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => `${parent}/${entry.name}`);
}

/**
 * @param {string} root
 * @param {string} dir
 * @param {SourceFile[]} files Gets what is found.
 */
function readSources(root, dir, files) {
  for (const entry of readdirSync(join(root, dir), { withFileTypes: true })) {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDERS.has(entry.name) && !GENERATED.test(path)) readSources(root, path, files);
    } else if (entry.isFile() && SOURCE.test(entry.name)) {
      files.push({ path, text: readFileSync(join(root, path), "utf8") });
    }
  }
}

function main() {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const { packages, files } = readWorkspace(root);
  const violations = findViolations(packages, files);
  for (const { path, line, message } of violations) console.error(`${path}:${line}: ${message}`);
  if (violations.length > 0) process.exitCode = 1;
  else console.log(`imports go one way: ${packages.length} packages, ${files.length} files`);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main();
