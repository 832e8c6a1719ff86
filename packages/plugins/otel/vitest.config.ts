import { project } from "../../../vitest.base.ts";

const CONDITIONS = ["@pitlane/source", "node", "default"];

const base = project("otel");

// As Node resolves packages: what OpenTelemetry gives under "module" is for bundlers alone, and does not load in Node.
export default { ...base, ssr: { resolve: { conditions: CONDITIONS, externalConditions: CONDITIONS } } };
