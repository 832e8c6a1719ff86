/**
 * What must not leave the house inside a published package, or is missing from it.
 *
 * @param {readonly string[]} files Paths in the tarball, relative to the package.
 * @param {Record<string, unknown>} manifest The tarball's package.json.
 * @returns {string[]} One line per problem, with the remedy; empty when all is well.
 */
export function tarballProblems(files, manifest) {
  /** @type {string[]} */
  const problems = [];
  for (const needed of ["LICENSE", "README.md"]) {
    if (!files.includes(needed)) problems.push(`${needed} is missing: add it to the package's folder`);
  }
  for (const file of files) {
    if (/^(src|test|bench)\/|\.test\.[cm]?[jt]s$/.test(file))
      problems.push(`${file} is not for users: leave it out of "files"`);
  }
  if (hasKey(manifest["exports"], "@pitlane/source")) {
    problems.push('"exports" names our sources (@pitlane/source): repeat "exports" without it in "publishConfig"');
  }
  for (const kind of ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"]) {
    for (const [name, range] of Object.entries(manifest[kind] ?? {})) {
      if (/^(workspace|catalog):/.test(String(range)))
        problems.push(`${kind}: ${name} is "${range}", which means nothing outside: pack it with pnpm`);
    }
  }
  return problems;
}

/**
 * @param {unknown} value
 * @param {string} key
 * @returns {boolean}
 */
function hasKey(value, key) {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, inner]) => name === key || hasKey(inner, key));
}
