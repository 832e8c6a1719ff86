/** A text, and for each of its characters, and for its end, where in the text that was begun with it comes from. */
export interface Reading {
  /** Characters up to U+00FF: a byte where the source had a byte or such a character, else the bytes of its UTF-8. */
  readonly text: string;
  /** One longer than `text`. */
  readonly from: readonly number[];
}

/**
 * `\u00e4`, `\u{e4}`, `\xe4`, `\n` and `\/` of JSON and of languages, `%e4` and `%u00e4` of URLs, `&#228;`, `&#xe4;` and `&auml;` of
 * HTML. In its groups: three codes in hex, a letter, two codes in hex, one in decimal, one in hex, and a name.
 */
const ESCAPE =
  /\\(?:u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|(["'\\/bfnrt]))|%(?:u([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2}))|&(?:#(\d{1,7});?|#[Xx]([0-9A-Fa-f]{1,6});?|([A-Za-z]\w{1,7});)/g;

const LETTERS: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Names that HTML has for characters from U+00A0 on, in their order; and, with their codes, for those of ASCII. */
const LATIN =
  "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 " +
  "ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc " +
  "Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml " +
  "aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave " +
  "uacute ucirc uuml yacute thorn yuml";
const ASCII =
  "Tab\t NewLine\n excl! quot\" num# dollar$ percnt% amp& apos' lpar( rpar) ast* plus+ comma, period. sol/ colon: semi; lt< equals= gt> " +
  "quest? commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] Hat^ lowbar_ grave` lcub{ lbrace{ verbar| vert| rcub} rbrace}";
const NAMES: ReadonlyMap<string, string> = new Map([
  ...LATIN.split(" ").map((name, i): [string, string] => [name, String.fromCharCode(0xa0 + i)]),
  ...ASCII.split(" ").map((entry): [string, string] => [entry.slice(0, -1), entry.slice(-1)]),
]);

/** `text` as a reading of itself. Pure. */
export function readingOf(text: string): Reading {
  const from: number[] = [];
  for (let i = 0; i <= text.length; i++) from.push(i); // several times as fast as Array.from
  if (!/[^\0-\xff]/.test(text)) return { text, from };
  return replaced({ text, from }, text.matchAll(/[^\0-\xff]/g), ([unit]) => unit);
}

/** A reading with each escape in it replaced by what it stands for, once; undefined when there is none. Pure. */
export function unescapeOnce(reading: Reading): Reading | undefined {
  if (!/[\\%&]/.test(reading.text)) return undefined;
  const next = replaced(reading, reading.text.matchAll(ESCAPE), meant);
  return next.text === reading.text ? undefined : next;
}

/**
 * `reading` with one form for every character beyond ASCII, whether it was written by its code or by the bytes of its UTF-8, or those
 * again taken for characters. Pure.
 */
export function foldUtf8(reading: Reading): Reading {
  for (let folded = reading; ; ) {
    const next = replaced(folded, folded.text.matchAll(/[\xc2\xc3][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{3}/g), fromUtf8);
    if (next.text.length === folded.text.length) return next;
    folded = next;
  }
}

function fromUtf8([bytes]: RegExpExecArray): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function replaced(
  { text, from }: Reading,
  found: Iterable<RegExpExecArray>,
  by: (match: RegExpExecArray) => string | undefined,
): Reading {
  let read = "";
  const starts: number[] = [];
  let at = 0;
  const copyTo = (end: number) => {
    read += text.slice(at, end);
    for (; at < end; at++) starts.push(from[at] as number);
  };
  for (const match of found) {
    const characters = by(match);
    if (characters === undefined) continue;
    copyTo(match.index);
    const bytes = bytesOf(characters);
    for (let i = 0; i < bytes.length; i++) starts.push(from[at] as number);
    read += bytes;
    at += match[0].length;
  }
  copyTo(text.length);
  starts.push(from[text.length] as number);
  return { text: read, from: starts };
}

function meant([, unit, braced, byte, letter, percentU, percent, decimal, hex, name]: RegExpExecArray):
  | string
  | undefined {
  if (letter !== undefined) return LETTERS[letter] ?? letter;
  if (name !== undefined) return NAMES.get(name);
  const digits = unit ?? braced ?? byte ?? percentU ?? percent ?? hex;
  const code = digits === undefined ? Number(decimal) : Number.parseInt(digits, 16);
  return code > 0x10ffff ? undefined : String.fromCodePoint(code);
}

/** By units, not by characters: half of a pair may be all that an escape stands for. */
function bytesOf(text: string): string {
  let bytes = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0xff) bytes += text[i];
    else if (code < 0x800) bytes += String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 63));
    else bytes += String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return bytes;
}
