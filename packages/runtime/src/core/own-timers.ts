/**
 * Timers of the core itself go where those of plugins go, under a number that no plugin has: they too come back as inputs, so that a replay
 * has them at the same places. A session has 1,024 plugins at most, numbered from 0.
 */
export const CORE_OWNER = 1024;

/** When the next time bar is over. */
export const BAR_TIMER = 1;
