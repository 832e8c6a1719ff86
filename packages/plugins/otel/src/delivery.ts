/** What an exporter says when it is done. */
interface Result {
  /** 0 for success. */
  readonly code: number;
  readonly error?: Error;
}

/** The part of an exporter that sends. */
export interface Sends<Data> {
  export(data: Data, onResult: (result: Result) => void): void;
}

/** Hands data to an exporter, and tells once when the other side is away and once when it is back. */
export class Delivery<Data> {
  readonly #what: string;
  readonly #exporter: Sends<Data>;
  readonly #say: (message: string) => void;
  #isFailing = false;

  /** @param what Such as "metrics". @param say For people. */
  constructor(what: string, exporter: Sends<Data>, say: (message: string) => void) {
    this.#what = what;
    this.#exporter = exporter;
    this.#say = say;
  }

  /** Whether what was sent last has not arrived. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Resolves when it has arrived or is lost; never rejects. */
  async send(data: Data): Promise<void> {
    const failure = await this.#export(data);
    if (failure !== undefined && !this.#isFailing) this.#say(`${this.#what} do not arrive and are lost: ${failure}`);
    if (failure === undefined && this.#isFailing) this.#say(`${this.#what} arrive again`);
    this.#isFailing = failure !== undefined;
  }

  #export(data: Data): Promise<string | undefined> {
    return new Promise((resolve) => {
      try {
        this.#exporter.export(data, ({ code, error }) =>
          resolve(code === 0 ? undefined : (error?.message ?? "the collector did not take it")),
        );
      } catch (error) {
        resolve(String(error));
      }
    });
  }
}
