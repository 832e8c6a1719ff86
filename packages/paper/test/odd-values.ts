/** What a caller without types may give in place of anything, by name. */
export const ODD: Readonly<Record<string, unknown>> = {
  null: null,
  NaN: Number.NaN,
  "-1": -1,
  "0": 0,
  "5n": 5n,
  '""': "",
  '"x"': "x",
  true: true,
  "[]": [],
  "[null]": [null],
  "{}": {},
  "a bare object": Object.create(null),
  "a circle": circle(),
  "a map": new Map(),
  "a symbol": Symbol("odd"),
  "a function": () => {},
};

function circle(): object {
  const object: Record<string, unknown> = {};
  object["self"] = object;
  return object;
}

/** Servers of this process that listen. */
export function listening(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;
}
