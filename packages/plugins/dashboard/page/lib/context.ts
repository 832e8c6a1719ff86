import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Actions } from "./actions.ts";
import type { Api } from "./api.ts";
import type { Live } from "./live.ts";
import type { Route } from "./route.ts";
import type { Store } from "./store.ts";
import type { Theme } from "./theme.ts";
import type { Travel } from "./travel.ts";
import type { Ui } from "./ui.ts";

/** All that views work with; made once, in `main.tsx`. */
export interface App {
  readonly api: Api;
  readonly live: Live;
  readonly travel: Travel;
  readonly ui: Ui;
  readonly actions: Actions;
  readonly route: Store<Route>;
  readonly theme: Store<Theme>;
  readonly toggleTheme: () => void;
}

export const AppContext = createContext<App | undefined>(undefined);

/** @throws {Error} Outside of the application's tree. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error("there is no AppContext above this component");
  return app;
}
