import { createStore, type Store } from "./store.ts";

export type Theme = "dark" | "light";

const KEY = "pitlane.theme";

/**
 * Dark or light: what the reader chose last, else what the system prefers, followed while nothing was chosen. Set on the root element,
 * where the stylesheet looks.
 */
export function createTheme(page: Window): { readonly theme: Store<Theme>; toggle(): void } {
  const prefersDark = page.matchMedia("(prefers-color-scheme: dark)");
  const system = (): Theme => (prefersDark.matches ? "dark" : "light");
  const kept = page.localStorage.getItem(KEY);
  const theme = createStore<Theme>(kept === "dark" || kept === "light" ? kept : system());
  const apply = () => {
    page.document.documentElement.dataset["theme"] = theme.get();
  };
  theme.subscribe(apply);
  apply();
  prefersDark.addEventListener("change", () => {
    if (page.localStorage.getItem(KEY) === null) theme.set(system());
  });
  return {
    theme,
    toggle() {
      const next = theme.get() === "dark" ? "light" : "dark";
      page.localStorage.setItem(KEY, next);
      theme.set(next);
    },
  };
}
