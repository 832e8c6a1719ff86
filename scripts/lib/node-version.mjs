/** The oldest Node that runs Pitlane; the same as `engines.node` of every package. */
export const OLDEST_NODE = "20.19.0";

/**
 * Says what is wrong with a Node version, or nothing when it will do.
 *
 * @param {string} version As `process.versions.node` has it.
 * @returns {string | undefined} One line for a person.
 */
export function nodeProblem(version) {
  const need = OLDEST_NODE.split(".");
  const have = version.split(".");
  const at = need.findIndex((part, i) => part !== have[i]);
  if (at === -1 || Number(have[at]) > Number(need[at])) return undefined;
  return `Pitlane needs Node ${OLDEST_NODE} or newer; this is Node ${version}. Install a newer Node and try again.`;
}
