import { useApp } from "../lib/context.ts";
import { useStore } from "../lib/store.ts";
import { Icon } from "./icon.tsx";

const ICONS = { done: "check", failed: "cross", busy: "latency" } as const;

/** What actions came to. Read out as they come. */
export function Toasts() {
  const { ui } = useApp();
  const toasts = useStore(ui.toasts);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, kind, text }) => (
        <div key={id} class={`toast ${kind}`}>
          <Icon name={ICONS[kind]} />
          <span>{text}</span>
          {kind !== "busy" && (
            <button
              type="button"
              class="plain"
              aria-label="Close this message"
              onClick={() => ui.toasts.update((all) => all.filter((toast) => toast.id !== id))}
            >
              <Icon name="cross" />
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
