/** Names of one run. */
export interface RunId {
  /** For people and folders: UTC start and a random part, `20261121-063031-k3f9`. */
  readonly id: string;
  /** For client order ids: the same moment and random part, short. */
  readonly key: string;
}

/**
 * Names a run. Pure.
 *
 * @param startedAtUs Wall time of the start, microseconds since the epoch.
 * @param salt Random number in [0, 1): tells apart runs started in one second.
 */
export function createRunId(startedAtUs: number, salt: number): RunId {
  const seconds = Math.floor(startedAtUs / 1e6);
  const suffix = Math.floor(salt * 36 ** 4)
    .toString(36)
    .padStart(4, "0");
  const date = new Date(seconds * 1000).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return { id: `${date}-${suffix}`, key: `${seconds.toString(36)}${suffix}` };
}
