import { perform } from "./tasks.ts";

// The pool of worker threads takes a module's default export.
export default perform;
