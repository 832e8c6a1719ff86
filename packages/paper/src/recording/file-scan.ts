import { LineProblem, MisplacedLine, RecordingError } from "./errors.ts";
import type { FileStamp } from "./file-bytes.ts";
import type { InstrumentTable } from "./instruments.ts";
import { readLines } from "./line-batches.ts";
import { isAnswer, type Message, parseMessage, parseSnapshot, wrappedStream } from "./message.ts";
import { type FilePart, MessageOrder } from "./message-order.ts";
import { NamelessSnapshots, type UpdateRanges } from "./nameless-snapshots.ts";
import { type ProductFinder, productOfExchange, productOfHost, productOfUrl } from "./product.ts";
import type { RecordedSnapshot } from "./recorded-item.ts";
import { detectForm, isObject, parseJson, parseJsonlLine, parseRawLine, type RecordingForm } from "./recorded-line.ts";
import { doubtful } from "./stream-name.ts";
import { SubscriptionLog } from "./subscriptions.ts";

/** What the second reading of a file needs to know from the first. */
export interface ScannedFile {
  readonly path: string;
  readonly stamp: FileStamp;
  readonly form: RecordingForm;
  /** Damaged lines were told to a listener and are passed over. */
  readonly skipsDamaged: boolean;
  readonly parts: readonly FilePart[];
  /** Snapshots from http records, by time: they may stand anywhere in the file. Those of the raw form are not held. */
  readonly httpSnapshots: readonly RecordedSnapshot[];
  readonly subscriptions: SubscriptionLog;
  /** What raw snapshots that name no symbol are of, by line. */
  readonly snapshotSymbols: ReadonlyMap<number, string>;
}

/** Told of what a recording has beside frames and snapshots. Each message is told once, when the recording is opened. */
export interface RecordingListener {
  /** A line that cannot be understood; it is left out instead of ending the reading. */
  readonly onDamaged: (error: RecordingError) => void;
  /** A line whose time lies before the line above it; it stays where it stands. */
  readonly onMisplaced: (error: RecordingError) => void;
  /** A message that is neither a frame nor a depth snapshot, by a short name: an answer to a request, another REST reply. */
  readonly onOther: (name: string) => void;
}

/** What all files of a session learn together. */
export interface SessionKnowledge {
  /** The line being read. */
  readonly place: { path: string; line: number };
  readonly product: ProductFinder;
  readonly instruments: InstrumentTable;
  readonly ranges: UpdateRanges;
  readonly listener: RecordingListener | undefined;
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
  readonly #order: MessageOrder;
  readonly #subscriptions: SubscriptionLog;
  readonly #httpSnapshots: RecordedSnapshot[] = [];
  readonly #symbols = new Set<string>(); // of this file's frames
  readonly #nameless = new NamelessSnapshots(); // of the raw form
  #form: RecordingForm | undefined;
  #hasExchangeInfo = false;
  #text = ""; // of the line being read

  constructor(path: string, stamp: FileStamp, session: SessionKnowledge) {
    this.path = path;
    this.#stamp = stamp;
    this.#session = session;
    const { listener, place } = session;
    this.#order = new MessageOrder(
      listener && ((problem) => listener.onMisplaced(problem.at(path, place.line, this.#text))),
    );
    this.#subscriptions = new SubscriptionLog(path);
  }

  /** @throws {RecordingError} When the file cannot be read, a line is damaged, or nothing of use is in it. */
  async read(signal?: AbortSignal): Promise<void> {
    const { path } = this;
    const { place } = this.#session;
    place.path = path;
    const { listener } = this.#session;
    const noText: RecordingError[] = []; // of the batch's lines
    const onDamaged = listener && ((error: RecordingError) => noText.push(error));
    for await (const { firstLine, lines } of readLines(path, signal, { onDamaged })) {
      for (let i = 0; i < lines.length; i++) {
        const text = lines[i]!;
        place.line = firstLine + i;
        if (noText[0]?.line === place.line) this.#tellDamaged(noText.shift() as RecordingError);
        if (text.trim() === "") continue;
        this.#text = text;
        try {
          this.#addLine(text);
        } catch (error) {
          this.#onProblem(error, text);
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
   * @throws {RecordingError} When a raw snapshot may be of several symbols, or of none.
   */
  finish(): ScannedFile {
    if (this.#form === undefined) throw new TypeError("finish() needs a file that was read");
    const { instruments, ranges } = this.#session;
    // A file may hold a snapshot alone, with the frames in the file before or after it.
    const symbols = this.#symbols.size > 0 ? [...this.#symbols] : instruments.symbols;
    return {
      path: this.path,
      stamp: this.#stamp,
      form: this.#form,
      skipsDamaged: this.#session.listener !== undefined,
      parts: this.#order.parts(),
      httpSnapshots: this.#httpSnapshots.sort((a, b) => a.atUs - b.atUs),
      subscriptions: this.#subscriptions,
      snapshotSymbols: this.#nameless.resolve(this.path, symbols, ranges, instruments),
    };
  }

  #onProblem(error: unknown, text: string): void {
    if (!(error instanceof LineProblem)) throw error;
    const located = error.at(this.path, this.#session.place.line, text);
    if (error instanceof MisplacedLine) throw located; // a line of another venue is no damage
    this.#tellDamaged(located);
  }

  #tellDamaged(error: RecordingError): void {
    const { listener } = this.#session;
    // A file that does not begin like a recording is none.
    if (listener === undefined || this.#form === undefined) throw error;
    listener.onDamaged(error);
  }

  /** Learns from a message. One of a form that only its decoder can judge stays in the recording when somebody listens. */
  #learn(learn: () => void): void {
    try {
      learn();
    } catch (error) {
      if (this.#session.listener === undefined || !(error instanceof LineProblem) || error instanceof MisplacedLine)
        throw error;
    }
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
        return product.declare(productOfExchange(line.exchange));
      case "connect":
        return this.#addConnection(line.connection, line.address);
      case "send":
        return this.#subscriptions.send(line.connection, line.text, place.line);
      case "end":
        return;
    }
  }

  #addConnection(connection: string, address: string): void {
    const { place, product } = this.#session;
    this.#subscriptions.connect(connection, address, place.line);
    const found = productOfHost(new URL(address).hostname);
    if (found !== undefined) product.assume(found);
  }

  #addMessage(atUs: number, connection: string, text: string, form: RecordingForm): void {
    const { place, instruments, ranges } = this.#session;
    let message: Message;
    try {
      message = parseMessage(text, form, () => this.#subscriptions.at(connection, place.line));
    } catch (error) {
      // What begins like a frame is one, however it goes on: its decoder can say more than that the line is damaged.
      if (this.#session.listener === undefined || wrappedStream(text) === undefined) throw error;
      this.#noteTime(this.#order.add(atUs, connection, place.line));
      this.frames++;
      return;
    }
    const { listener } = this.#session;
    if (message.kind === "answer") {
      this.#subscriptions.answer(connection, message.id, place.line);
      return listener?.onOther("answer to a request");
    }
    // Whoever plays the frame needs the very name that is subscribed to; its decoder does not.
    if (message.kind === "frame" && message.doubt !== undefined && listener === undefined) throw doubtful(message);
    this.#noteTime(this.#order.add(atUs, connection, place.line));
    if (message.kind === "frame") {
      this.frames++;
      this.#learn(() => {
        const symbol = instruments.addEvent(message.stream, message.data);
        if (symbol === undefined) return;
        this.#symbols.add(symbol);
        ranges.add(symbol, message.data);
      });
    } else {
      this.snapshots++;
      const { snapshot } = message;
      this.#learn(() => {
        if (snapshot.symbol === undefined) this.#nameless.add(snapshot, place.line);
        else instruments.scaleOf(snapshot.symbol).addSnapshot(snapshot);
      });
    }
  }

  #addHttp(atUs: number, address: string, text: string): void {
    if (!URL.canParse(address)) throw new LineProblem('the http record\'s "url" is not a URL');
    const url = new URL(address);
    const product = productOfUrl(url);
    const { listener } = this.#session;
    if (product === undefined) return listener?.onOther(`reply of ${url.host}${url.pathname}`);
    this.#session.product.declare(product);
    const call = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
    if (call !== "depth" && call !== "exchangeInfo") return listener?.onOther(`reply of ${url.pathname}`);
    // A request may have been refused and sent again; a recorder keeps both. Gateways answer in HTML, or nothing.
    if (!/^\s*[[{]/.test(text)) return listener?.onOther(`refusal of ${url.pathname}`);
    const value = parseJson(text, 'the text in "data"');
    if (isObject(value) && isAnswer(value)) return listener?.onOther(`refusal of ${url.pathname}`);
    if (call === "exchangeInfo") {
      this.#session.instruments.addExchangeInfo(value);
      this.#hasExchangeInfo = true;
      listener?.onOther(`reply of ${url.pathname}`);
      return;
    }
    const snapshot = parseSnapshot(value);
    const symbol = snapshot.symbol ?? url.searchParams.get("symbol") ?? "";
    if (symbol === "") throw new LineProblem('the depth snapshot\'s "url" names no symbol');
    this.#learn(() => this.#session.instruments.scaleOf(symbol).addSnapshot(snapshot));
    this.#httpSnapshots.push({ kind: "snapshot", atUs, symbol, text });
    this.#noteTime(atUs);
    this.snapshots++;
  }

  #noteTime(atUs: number): void {
    if (atUs < this.firstAtUs) this.firstAtUs = atUs;
    if (atUs > this.lastAtUs) this.lastAtUs = atUs;
  }
}
