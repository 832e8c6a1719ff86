import { createStore, type Store } from "./store.ts";

/** The views, in the order of the navigation. */
export const VIEWS = ["overview", "latency", "market", "plugins", "network", "journal", "optimizer", "memory"] as const;

export type ViewName = (typeof VIEWS)[number];

/** Where the reader is: `#/market?instrument=alpha%3ABTC%2FUSDT`. */
export interface Route {
  readonly view: ViewName;
  readonly query: Readonly<Record<string, string>>;
}

/** What a hash names; the overview when it names nothing that there is. Pure. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const view = VIEWS.find((name) => name === path) ?? "overview";
  return { view, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** The hash of a view. Pure. */
export function routeTo(view: ViewName, query: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `#/${view}${search === "" ? "" : `?${search}`}`;
}

/** The route, as the address says it. */
export function createRouter(page: Window): Store<Route> {
  const route = createStore(parseRoute(page.location.hash));
  page.addEventListener("hashchange", () => route.set(parseRoute(page.location.hash)));
  return route;
}
