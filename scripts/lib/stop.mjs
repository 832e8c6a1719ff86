import { constants } from "node:os";

/** Ends the boot script: `message` is shown (when there is one) and `exitCode` becomes the process's. */
export class Stop extends Error {
  /**
   * @param {string} message
   * @param {number} exitCode
   */
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * The exit code that says "ended by this signal", as shells count it.
 *
 * @param {NodeJS.Signals} signal
 */
export function signalExitCode(signal) {
  return 128 + constants.signals[signal];
}
