import { createStore, type Store } from "./store.ts";

/** A short message about what an action came to. */
export interface Toast {
  readonly id: number;
  readonly kind: "done" | "failed" | "busy";
  readonly text: string;
}

/** A field of a question. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** What may be chosen, value and label; free text when left out. */
  readonly options?: readonly (readonly [string, string])[];
}

/** What a person is asked before something is done. */
export interface Question {
  readonly title: string;
  readonly text: string;
  readonly fields: readonly Field[];
  /** The button's words: what will be done. */
  readonly act: string;
  /** It cannot be taken back. */
  readonly isGrave: boolean;
}

interface Asked {
  readonly question: Question;
  readonly answer: (fields: Readonly<Record<string, string>> | undefined) => void;
}

/** Messages and questions of the page. */
export interface Ui {
  readonly toasts: Store<readonly Toast[]>;
  readonly asked: Store<Asked | undefined>;
  /** Shows a message: of what was done for 6 s, of what failed until it is closed, of what is under way until the function is called. */
  say(kind: Toast["kind"], text: string): () => void;
  /** Asks; the fields' values, or undefined when the answer is no. */
  ask(question: Question): Promise<Readonly<Record<string, string>> | undefined>;
}

const SHOWN_MS = 6000;

export function createUi(host: Pick<Window, "setTimeout">): Ui {
  const toasts = createStore<readonly Toast[]>([]);
  const asked = createStore<Asked | undefined>(undefined);
  let made = 0;
  return {
    toasts,
    asked,
    say(kind, text) {
      const id = ++made;
      const close = () => toasts.update((all) => all.filter((toast) => toast.id !== id));
      toasts.update((all) => [...all.slice(-4), { id, kind, text }]);
      if (kind === "done") host.setTimeout(close, SHOWN_MS);
      return close;
    },
    ask: (question) =>
      new Promise((resolve) => {
        asked.get()?.answer(undefined); // one question at a time
        asked.set({
          question,
          answer(fields) {
            asked.set(undefined);
            resolve(fields);
          },
        });
      }),
  };
}
