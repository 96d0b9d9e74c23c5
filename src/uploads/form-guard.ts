import type { Readable, Writable } from 'node:stream';
import { MultipartError, quoted } from './file-upload.ts';

export interface FormLimits {
  /** Files in one request. */
  readonly maxFiles: number;
  /** Bytes of `operations`, and of `map`. */
  readonly maxFieldBytes: number;
}

export interface FormEvents {
  /** A file part, after the fields. */
  readonly onFile: (name: string | undefined, stream: Readable) => void;
  /** The body is invalid behind the fields, when the operation may already be running. */
  readonly onRefusal: (message: string) => void;
}

/** The details of a part that the parser reports. */
interface PartInfo {
  readonly encoding?: string;
  readonly valueTruncated?: boolean;
}

const ORDER = 'Send the part operations first, then map, then the files.';
const FILE = 'A part is a file if its Content-Disposition has a filename, such as filename="document.pdf".';

const OTHER_PART = `The body has a part after operations and map that is not a file. ${FILE} Send operations and map once.`;

/**
 * Validates parts between the parser and graphql-upload-minimal, whose own messages blame the order of parts for most
 * mistakes.
 */
export class FormGuard {
  readonly #parser: Writable;
  readonly #limits: FormLimits;
  readonly #events: FormEvents;
  /** The expected next part. */
  #expected: 'operations' | 'map' | 'files' = 'operations';
  #operations: unknown;
  #isRefused = false;

  /** Must be called after the library has added its listeners to the parser. */
  constructor(parser: Writable, limits: FormLimits, events: FormEvents) {
    this.#parser = parser;
    this.#limits = limits;
    this.#events = events;
    const field = takeListener(parser, 'field');
    const file = takeListener(parser, 'file');
    parser.on('field', (name: string | undefined, text: string, info: PartInfo) => {
      const value = text.replace(/^\u{FEFF}/u, '');
      if (this.#attempt(() => this.#checkField(name, value, info))) field(name, value, info);
    });
    parser.on('file', (name: string | undefined, stream: Readable, info: PartInfo) => {
      if (this.#attempt(() => this.#checkFile(name, info))) {
        file(name, stream, info);
        events.onFile(name, stream);
      } else stream.on('error', () => {}).resume();
    });
    // The parser drops such a part without its name.
    parser.on('fieldsLimit', () => this.#refuse(OTHER_PART));
    parser.prependListener('filesLimit', () =>
      this.#refuse(`The request has more than ${limits.maxFiles} files. Send them in several requests.`),
    );
  }

  /** A message for an error of the parser or the library that occurred before there was an operation. */
  describe(error: Error): string {
    const part = this.#expected;
    if (part === 'files') return 'The map has an invalid path.';
    // Errors of the library have a status. They mean that the body was read to its end.
    if ('status' in error) return `The body has no part ${part}. ${ORDER}`;
    if (error.message === 'Malformed part header') return 'The body has a part with malformed headers.';
    return `The body ends inside its part ${part}: it is cut off, or its parts are not separated by the boundary in Content-Type.`;
  }

  /** Runs a check. @returns false if it threw a MultipartError, which is then reported */
  #attempt(check: () => void): boolean {
    if (this.#isRefused) return false;
    try {
      check();
      return true;
    } catch (error) {
      if (!(error instanceof MultipartError)) throw error;
      if (this.#expected === 'files') this.#refuse(error.message);
      else {
        this.#isRefused = true;
        this.#parser.emit('error', error);
      }
      return false;
    }
  }

  /** Reports a mistake behind the fields, when the operation may already be running. */
  #refuse(message: string): void {
    if (!this.#isRefused) this.#events.onRefusal(message);
    this.#isRefused = true;
  }

  #checkField(name: string | undefined, value: string, { encoding, valueTruncated = false }: PartInfo): void {
    const expected = this.#expected;
    if (name !== expected) throw new MultipartError(400, this.#unexpectedField(name));
    checkEncoding(encoding);
    if (valueTruncated) {
      const limit = this.#limits.maxFieldBytes.toLocaleString('en');
      throw new MultipartError(413, `The part ${name} is larger than ${limit} bytes.`);
    }
    const parsed = jsonOf(name, value);
    if (expected === 'operations') {
      if (typeof parsed !== 'object' || parsed === null)
        throw new MultipartError(400, 'The part operations must be a JSON object with query and variables.');
      this.#operations = parsed;
      this.#expected = 'map';
    } else {
      checkMap(parsed, this.#operations, this.#limits.maxFiles);
      this.#expected = 'files';
    }
  }

  #unexpectedField(name: string | undefined): string {
    if (name === undefined) return `A part has no name in its Content-Disposition. ${ORDER}`;
    if (name === 'map') return `The part map comes before the part operations. ${ORDER}`;
    if (name === 'operations') return `The body has the part operations twice. ${ORDER}`;
    return `The part ${quoted(name)} is neither operations nor map, and not a file. ${FILE} ${ORDER}`;
  }

  #checkFile(name: string | undefined, { encoding }: PartInfo): void {
    const expected = this.#expected;
    if (expected === 'files') return checkEncoding(encoding);
    if (name === 'operations' || name === 'map')
      throw new MultipartError(
        400,
        `The part ${name} is a file. Send it as a field: without filename, and not as application/octet-stream. (With curl: -F '${name}=<file', not '${name}=@file'.)`,
      );
    const file = name === undefined ? 'A file' : `The file ${quoted(name)}`;
    throw new MultipartError(
      400,
      `${file} comes before the part ${expected}, or there is no ${expected}. ${ORDER}`,
    );
  }
}

/** Over HTTP, parts are not encoded (RFC 7578, section 4.7), and the parser does not decode them. */
function checkEncoding(encoding = '7bit'): void {
  if (!/^(7bit|8bit|binary)$/i.test(encoding))
    throw new MultipartError(
      400,
      'A part has a Content-Transfer-Encoding, such as base64, which is not supported. Send its bytes as they are.',
    );
}

function jsonOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MultipartError(400, `The part ${name} is not valid JSON${placeOf(error)}.`);
  }
}

/**
 * Where JSON is not valid, from the error of `JSON.parse`, whose message quotes the text in some cases. Empty if it does not
 * say: for an unexpected token it has no position.
 */
export function placeOf(error: unknown): string {
  const message = error instanceof SyntaxError ? error.message : '';
  if (message === 'Unexpected end of JSON input') return ': it ends too early';
  // At the end, where no quotation is.
  const [, line, column] = / \(line (\d+) column (\d+)\)$/.exec(message) ?? [];
  return line === undefined || column === undefined ? '' : `: see line ${line}, column ${column}`;
}

/** Removes and returns the only listener of an event. */
function takeListener(parser: Writable, event: string): (...args: unknown[]) => void {
  const [listener, ...others] = parser.listeners(event);
  if (listener === undefined || others.length > 0)
    throw new TypeError(`the parser must have exactly one ${event} listener`);
  parser.removeAllListeners(event);
  return (...args) => void listener.apply(parser, args);
}

const EXAMPLE = '{"0": ["variables.input.file"]}';

/**
 * Checks that the map assigns each file to its own variable, by a path of own properties.
 *
 * graphql-upload-minimal also follows inherited properties, except `__proto__` and `constructor`. A path such as
 * `hasOwnProperty.call` would lead it to a global function, and a file assigned there would break every later request.
 * @throws {MultipartError}
 */
function checkMap(map: unknown, operations: unknown, maxFiles: number): void {
  if (!isObject(map) || Array.isArray(map))
    throw new MultipartError(400, `The part map must be a JSON object such as ${EXAMPLE}.`);
  const entries = Object.entries(map);
  if (entries.length > maxFiles)
    throw new MultipartError(
      413,
      `The map has ${entries.length} files; a request may have at most ${maxFiles}. Send the files in several requests.`,
    );
  const taken = new Set<string>();
  for (const [name, paths] of entries) {
    const path = pathIn(name, paths);
    checkPath(name, path, operations);
    if (taken.has(path))
      throw new MultipartError(
        400,
        `The map assigns two files to ${quoted(path)}. Give each file its own variable.`,
      );
    taken.add(path);
  }
}

/** The only path of a file. A second variable would find no bytes, because files are not stored. */
function pathIn(name: string, paths: unknown): string {
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string'))
    throw new MultipartError(
      400,
      `The map must assign the file ${quoted(name)} a list with the path of its variable, as in ${EXAMPLE}.`,
    );
  const [path, ...others] = paths;
  if (path === undefined)
    throw new MultipartError(
      400,
      `The map assigns the file ${quoted(name)} to no variable. Send the path of a variable, as in ${EXAMPLE}.`,
    );
  if (others.length > 0)
    throw new MultipartError(
      400,
      `The map assigns the file ${quoted(name)} to several variables. Files are not stored: send it once for each variable.`,
    );
  return path;
}

function checkPath(name: string, path: string, operations: unknown): void {
  const start = Array.isArray(operations) ? /^\d+\.variables\./ : /^variables\./;
  if (!start.test(path))
    throw new MultipartError(
      400,
      `The map assigns the file ${quoted(name)} to ${quoted(path)}, which is not a variable. Paths begin with "variables.".`,
    );
  if (!isOwn(operations, path))
    throw new MultipartError(
      400,
      `The map assigns the file ${quoted(name)} to ${quoted(path)}, which operations does not contain. Set that variable to null.`,
    );
}

function isOwn(root: unknown, path: string): boolean {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let parent = root;
  for (const name of names) {
    if (!isObject(parent) || !Object.hasOwn(parent, name)) return false;
    parent = parent[name];
  }
  // The variable itself is null or absent.
  return isObject(parent) && (Object.hasOwn(parent, last) || !(last in parent));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
