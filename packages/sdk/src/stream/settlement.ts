/**
 * A promise that is settled from outside, once; later calls do nothing.
 *
 * Its rejection counts as handled even when nobody awaits it: `ready` of a stream is for those who ask, and closing early is
 * no reason to end the process.
 */
export class Settlement {
  readonly promise: Promise<void>;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.promise.catch(() => {});
  }

  resolve(): void {
    this.#resolve();
  }

  reject(error: Error): void {
    this.#reject(error);
  }
}
