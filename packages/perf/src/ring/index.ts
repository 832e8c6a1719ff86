export { Ring } from "./ring.ts";
