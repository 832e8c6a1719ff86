import { LineProblem, RecordingError } from "./errors.ts";
import type { FileStamp } from "./file-bytes.ts";
import { type InstrumentTable, Scale } from "./instruments.ts";
import { readLines } from "./line-batches.ts";
import { type DepthSnapshot, isAnswer, parseMessage, parseSnapshot } from "./message.ts";
import { type FilePart, MessageOrder } from "./message-order.ts";
import { type ProductFinder, productOfExchange, productOfUrl } from "./product.ts";
import type { RecordedSnapshot } from "./recorded-item.ts";
import { detectForm, isObject, parseJson, parseJsonlLine, parseRawLine, type RecordingForm } from "./recorded-line.ts";
import { SubscriptionLog } from "./subscriptions.ts";

/** What the second reading of a file needs to know from the first. */
export interface ScannedFile {
  readonly path: string;
  readonly stamp: FileStamp;
  readonly form: RecordingForm;
  readonly parts: readonly FilePart[];
  /** Snapshots from http records, by time: they may stand anywhere in the file. Those of the raw form are not held. */
  readonly httpSnapshots: readonly RecordedSnapshot[];
  readonly subscriptions: SubscriptionLog;
  /** What a raw snapshot that names no symbol is of. */
  readonly snapshotSymbol: string | undefined;
}

/** What all files of a session learn together. */
export interface SessionKnowledge {
  /** The line being read. */
  readonly place: { path: string; line: number };
  readonly product: ProductFinder;
  readonly instruments: InstrumentTable;
}

/** The first reading of one file: checks every line and adds what it says to the session's knowledge. */
export class FileScan {
  frames = 0;
  snapshots = 0;
  /** Receive time of the first and last item; infinite when there is none. */
  firstAtUs = Number.POSITIVE_INFINITY;
  lastAtUs = Number.NEGATIVE_INFINITY;
  readonly path: string;
  readonly #stamp: FileStamp;
  readonly #session: SessionKnowledge;
  readonly #order = new MessageOrder();
  readonly #subscriptions = new SubscriptionLog();
  readonly #httpSnapshots: RecordedSnapshot[] = [];
  readonly #symbols = new Set<string>(); // of this file's frames
  #nameless: { readonly line: number; readonly scale: Scale } | undefined; // raw snapshots that name no symbol
  #form: RecordingForm | undefined;
  #hasExchangeInfo = false;

  constructor(path: string, stamp: FileStamp, session: SessionKnowledge) {
    this.path = path;
    this.#stamp = stamp;
    this.#session = session;
  }

  /** @throws {RecordingError} When the file cannot be read, a line is damaged, or nothing of use is in it. */
  async read(signal?: AbortSignal): Promise<void> {
    const { path } = this;
    const { place } = this.#session;
    place.path = path;
    for await (const { firstLine, lines } of readLines(path, signal)) {
      for (let i = 0; i < lines.length; i++) {
        const text = lines[i]!;
        if (text.trim() === "") continue;
        place.line = firstLine + i;
        try {
          this.#addLine(text);
        } catch (error) {
          throw error instanceof LineProblem ? error.at(path, place.line, text) : error;
        }
      }
    }
    if (this.#form === undefined) throw new RecordingError("is empty: it has no line with text", { path });
    if (this.frames + this.snapshots === 0 && !this.#hasExchangeInfo) {
      throw new RecordingError("has no Binance frame in it: record market streams, or name another file", { path });
    }
  }

  /**
   * The result, once every file of the session was read.
   * @throws {RecordingError} When a raw snapshot may belong to several symbols.
   */
  finish(): ScannedFile {
    if (this.#form === undefined) throw new TypeError("finish() needs a file that was read");
    return {
      path: this.path,
      stamp: this.#stamp,
      form: this.#form,
      parts: this.#order.parts(),
      httpSnapshots: this.#httpSnapshots.sort((a, b) => a.atUs - b.atUs),
      subscriptions: this.#subscriptions,
      snapshotSymbol: this.#nameless === undefined ? undefined : this.#nameSnapshots(this.#nameless),
    };
  }

  #addLine(text: string): void {
    this.#form ??= detectForm(text);
    const line = this.#form === "raw" ? parseRawLine(text) : parseJsonlLine(text);
    const { place, product } = this.#session;
    switch (line.kind) {
      case "message":
        return this.#addMessage(line.atUs, line.connection, line.text, this.#form);
      case "http":
        return this.#addHttp(line.atUs, line.url, line.text);
      case "header":
        return product.prove(productOfExchange(line.exchange));
      case "connect":
        return this.#subscriptions.connect(line.connection, line.address, place.line);
      case "send":
        return this.#subscriptions.send(line.connection, line.text, place.line);
    }
  }

  #addMessage(atUs: number, connection: string, text: string, form: RecordingForm): void {
    const { place, instruments } = this.#session;
    const message = parseMessage(text, form, () => this.#subscriptions.at(connection, place.line));
    if (message === undefined) return;
    this.#noteTime(this.#order.add(atUs, connection, place.line));
    if (message.kind === "frame") {
      const symbol = instruments.addEvent(message.stream, message.data);
      if (symbol !== undefined) this.#symbols.add(symbol);
      this.frames++;
    } else {
      this.#scaleOf(message.snapshot).addSnapshot(message.snapshot);
      this.snapshots++;
    }
  }

  #addHttp(atUs: number, address: string, text: string): void {
    if (!URL.canParse(address)) throw new LineProblem('the http record\'s "url" is not a URL');
    const url = new URL(address);
    const product = productOfUrl(url);
    if (product === undefined) return;
    this.#session.product.prove(product);
    const call = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
    if (call !== "depth" && call !== "exchangeInfo") return;
    const value = parseJson(text, 'the text in "data"');
    // A request may have been refused and sent again; a recorder keeps both.
    if (isObject(value) && isAnswer(value)) return;
    if (call === "exchangeInfo") {
      this.#session.instruments.addExchangeInfo(value);
      this.#hasExchangeInfo = true;
      return;
    }
    const snapshot = parseSnapshot(value);
    const symbol = snapshot.symbol ?? url.searchParams.get("symbol") ?? "";
    if (symbol === "") throw new LineProblem('the depth snapshot\'s "url" names no symbol');
    this.#session.instruments.scaleOf(symbol).addSnapshot(snapshot);
    this.#httpSnapshots.push({ kind: "snapshot", atUs, symbol, text });
    this.#noteTime(atUs);
    this.snapshots++;
  }

  #scaleOf(snapshot: DepthSnapshot): Scale {
    if (snapshot.symbol !== undefined) return this.#session.instruments.scaleOf(snapshot.symbol);
    this.#nameless ??= { line: this.#session.place.line, scale: new Scale() };
    return this.#nameless.scale;
  }

  #nameSnapshots({ line, scale }: { readonly line: number; readonly scale: Scale }): string {
    const { instruments } = this.#session;
    // A file may hold a snapshot alone, with the frames in the file before or after it.
    const symbols = this.#symbols.size > 0 ? [...this.#symbols] : instruments.symbols;
    const [symbol] = symbols;
    if (symbol === undefined || symbols.length > 1) {
      const found = symbols.length === 0 ? "no symbol" : `several symbols (${symbols.join(", ")})`;
      throw new RecordingError(
        `the depth snapshot does not name its symbol, and the frames have ${found}: record one symbol per file`,
        { path: this.path, line },
      );
    }
    instruments.scaleOf(symbol).include(scale);
    return symbol;
  }

  #noteTime(atUs: number): void {
    if (atUs < this.firstAtUs) this.firstAtUs = atUs;
    if (atUs > this.lastAtUs) this.lastAtUs = atUs;
  }
}
