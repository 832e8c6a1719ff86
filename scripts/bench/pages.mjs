/**
 * Pages of a dashboard as a browser keeps them open: streams of server-sent events that are read as they come. Its arguments are the link
 * that opens the dashboard and the number of pages; a message with `true` or `false` opens or closes them all, and each is answered by a message
 * `{ isOpen, bytes }` with what was read since the last one.
 */
import { get } from "node:http";

const [link = "", pages = "0"] = process.argv.slice(2);
const { origin } = new URL(link);
/** @type {Set<import("node:http").IncomingMessage>} */
const open = new Set();
let bytes = 0;

/** @param {string} url @param {Record<string, string>} headers @returns {Promise<import("node:http").IncomingMessage>} */
const request = (url, headers) =>
  new Promise((resolve, reject) => get(url, { headers, agent: false }, resolve).on("error", reject));

const entry = await request(link, {});
entry.resume();
const cookie = (entry.headers["set-cookie"] ?? []).map((text) => text.split(";")[0]).join("; ");
if (cookie === "") throw new Error(`the dashboard gave no cookie: status ${entry.statusCode}`);

const openPage = async () => {
  const page = await request(`${origin}/api/stream`, { cookie, origin });
  if (page.statusCode !== 200) throw new Error(`a page was refused: status ${page.statusCode}`);
  open.add(page);
  page.on("data", (/** @type {Buffer} */ data) => {
    bytes += data.length;
  });
  page.on("error", () => {}); // closed by us
};

process.on("message", async (isOpen) => {
  if (isOpen === true) await Promise.all(Array.from({ length: Number(pages) }, openPage));
  else for (const page of open) page.destroy();
  if (isOpen !== true) open.clear();
  process.send?.({ isOpen, bytes });
  bytes = 0;
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
