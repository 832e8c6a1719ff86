import { render } from "preact";
import "./styles/tokens.css";
import "uplot/dist/uPlot.min.css";
import "./styles/shell.css";
import "./styles/widgets.css";
import "./styles/views.css";
import { createActions } from "./lib/actions.ts";
import { createApi } from "./lib/api.ts";
import { AppContext } from "./lib/context.ts";
import { connect } from "./lib/live.ts";
import { createRouter } from "./lib/route.ts";
import { createTheme } from "./lib/theme.ts";
import { createTravel } from "./lib/travel.ts";
import { createUi } from "./lib/ui.ts";
import { Shell } from "./shell.tsx";

const api = createApi(window.fetch.bind(window));
const ui = createUi(window);
const { theme, toggle } = createTheme(window);
const app = {
  api,
  ui,
  theme,
  toggleTheme: toggle,
  live: connect(api, window),
  travel: createTravel(api),
  actions: createActions(api, ui),
  route: createRouter(window),
};

render(
  <AppContext.Provider value={app}>
    <Shell />
  </AppContext.Provider>,
  document.getElementById("app")!,
);
