import { useEffect, useRef } from "preact/hooks";
import { useApp } from "../lib/context.ts";
import { useStore } from "../lib/store.ts";

/** The question that is open, if one is. Escape and Cancel say no. */
export function AskDialog() {
  const { ui } = useApp();
  const asked = useStore(ui.asked);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (asked !== undefined) dialog.current?.showModal();
  }, [asked]);
  if (asked === undefined) return null;
  const { question, answer } = asked;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const entries = [...new FormData(event.currentTarget as HTMLFormElement).entries()];
    answer(Object.fromEntries(entries.map(([name, value]) => [name, String(value)])));
  };
  return (
    <dialog ref={dialog} class="question" aria-labelledby="ask-title" onClose={() => answer(undefined)}>
      <form method="dialog" onSubmit={submit}>
        <h2 id="ask-title">{question.title}</h2>
        <p>{question.text}</p>
        {question.fields.map(({ name, label, value, options }) => (
          <label key={name} for={`ask-${name}`}>
            <span>{label}</span>
            {options === undefined ? (
              <input id={`ask-${name}`} name={name} defaultValue={value} required maxLength={200} autocomplete="off" />
            ) : (
              <select id={`ask-${name}`} name={name} defaultValue={value}>
                {options.map(([option, text]) => (
                  <option key={option} value={option} selected={option === value}>
                    {text}
                  </option>
                ))}
              </select>
            )}
          </label>
        ))}
        <div class="question-buttons">
          <button type="button" onClick={() => answer(undefined)}>
            Cancel
          </button>
          <button type="submit" class={question.isGrave ? "grave" : "main"}>
            {question.act}
          </button>
        </div>
      </form>
    </dialog>
  );
}
