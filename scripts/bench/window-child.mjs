import { fork } from "node:child_process";

/**
 * Forks the process of one windowed case, and waits until it is open.
 *
 * @param {string} program `child.mjs`.
 * @param {readonly string[]} words Its arguments.
 * @param {number} timeoutMs For opening, and for each window.
 * @throws {Error} With what the process printed, when it ends instead of answering.
 */
export async function openWindows(program, words, timeoutMs) {
  const child = fork(program, words, { execArgv: ["--expose-gc"], stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let printed = "";
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    printed += text;
  });
  await answer();
  return { window, close };

  /** Has it measure a window. @returns {Promise<number>} */
  async function window() {
    child.send("window");
    return /** @type {number} */ (await answer());
  }

  function close() {
    if (child.connected) child.disconnect();
  }

  /** Its next message. @returns {Promise<unknown>} */
  function answer() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill();
        end(() => reject(new Error(`no figure after ${timeoutMs / 1000} s`)));
      }, timeoutMs);
      const onMessage = (/** @type {unknown} */ message) => end(() => resolve(message));
      const onClose = () => end(() => reject(new Error(printed)));
      const end = (/** @type {() => void} */ tell) => {
        clearTimeout(timer);
        child.off("message", onMessage).off("close", onClose);
        tell();
      };
      child.on("message", onMessage).on("close", onClose);
    });
  }
}
