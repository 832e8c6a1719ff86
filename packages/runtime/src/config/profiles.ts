/** `none` is the defaults alone; it is a name so that a flag can undo the profile of a file. */
export const PROFILE_NAMES = ["none", "development", "production"] as const;

export type ProfileName = (typeof PROFILE_NAMES)[number];

/** What each profile changes of the defaults; shaped like a config file. */
export const PROFILES: Readonly<Record<ProfileName, Readonly<Record<string, unknown>>>> = {
  none: {},
  development: { debug: true, profiling: true, caches: false, bus: { batch: 10, flushMs: 1000 } },
  production: {
    debug: false,
    profiling: false,
    bus: { batch: 100, flushMs: 100 },
    caches: true,
    connections: 50,
    workers: 4,
  },
};

export function isProfileName(value: unknown): value is ProfileName {
  return (PROFILE_NAMES as readonly unknown[]).includes(value);
}
