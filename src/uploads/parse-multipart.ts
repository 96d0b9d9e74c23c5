import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Readable, Writable } from 'node:stream';
import { format } from 'content-type';
import type { GraphQLParams } from 'graphql-yoga';
import type { Upload } from 'graphql-upload-minimal';
import { MultipartError, UploadError } from './file-upload.ts';
import type { FilePart } from './incoming-file.ts';
import { FormGuard } from './form-guard.ts';
import type { FormLimits } from './form-guard.ts';
import type { RequestFiles } from './request-files.ts';

// The package exports the class `Upload` to `require` only, and its types say otherwise. It is the same module.
const library = createRequire(import.meta.url)(
  'graphql-upload-minimal',
) as typeof import('graphql-upload-minimal');

/** The boundary and the limits of a body. */
export interface MultipartOptions extends FormLimits {
  /** The boundary of the `Content-Type`; an empty string if it has none. */
  readonly boundary: string;
  /** Largest file, in bytes. */
  readonly maxFileBytes: number;
}

/**
 * Parses a GraphQL multipart request (https://github.com/jaydenseric/graphql-multipart-request-spec) up to its files.
 * @returns its operation, with a FileUpload in place of each file
 * @throws {MultipartError}
 * @throws {UploadError}
 */
export async function parseMultipart(
  req: IncomingMessage,
  res: ServerResponse,
  files: RequestFiles,
  options: MultipartOptions,
): Promise<GraphQLParams | GraphQLParams[]> {
  checkFraming(req, options.boundary);
  const promised = new Map<Upload, (part: FilePart) => void>();
  // A file can begin before `processRequest` resolves, when the whole body arrives in one packet.
  let early: [string | undefined, Readable][] | undefined = [];
  const begun = new Set<string | undefined>();
  let guard: FormGuard | undefined;

  const onFile = (name: string | undefined, stream: Readable): void => {
    if (early) {
      early.push([name, stream]);
      return;
    }
    const upload = promised.keys().find(({ file }) => file?.fieldName === name);
    const begin = upload && promised.get(upload);
    if (!upload?.file || !begin) {
      stream.resume();
      return files.refuse(begun.has(name) ? SENT_TWICE : NOT_IN_MAP);
    }
    promised.delete(upload);
    begun.add(name);
    // Not `createReadStream`: it throws if a file in a single packet is already known to be truncated or too large.
    begin({ filename: upload.file.filename, mimetype: upload.file.mimetype, stream });
  };

  const watch = (parser: Writable): void => {
    guard = new FormGuard(parser, options, { onFile, onRefusal: (message) => files.refuse(message) });
    files.watch(parser);
  };
  const operations = await files
    .orStalled(
      library.processRequest(viewOf(req, options.boundary, watch), res, {
        maxFieldSize: options.maxFieldBytes,
        maxFiles: options.maxFiles,
        // The parser also truncates a file of exactly its limit, so the readers check the limit themselves.
        maxFileSize: options.maxFileBytes + 1,
      }),
    )
    .catch((error: unknown) => {
      if (!(error instanceof Error) || error instanceof MultipartError || error instanceof UploadError)
        throw error;
      throw new MultipartError(400, guard?.describe(error) ?? NO_BOUNDARY, { cause: error });
    });

  for (const { upload, parent, key } of uploadsIn(variablesOf(operations))) {
    const { upload: file, begin } = files.expect();
    promised.set(upload, begin);
    Object.assign(parent, { [key]: file });
  }
  const waiting = early;
  early = undefined;
  for (const [name, stream] of waiting) onFile(name, stream);
  // Any JSON that the client sent. Yoga validates it, as every other body.
  return operations as GraphQLParams | GraphQLParams[];
}

/**
 * The request as `processRequest` sees it. It reads these members only, so the cast is sound. `Content-Type` has the form
 * that the library and the parser accept; `pipe` gives access to the parser; and `resume` does nothing, because the library
 * would read the rest of a failed request without limit, which `drain.ts` does within limits.
 */
function viewOf(req: IncomingMessage, boundary: string, watch: (parser: Writable) => void): IncomingMessage {
  return {
    headers: {
      ...req.headers,
      'content-type': format({ type: 'multipart/form-data', parameters: { boundary } }),
    },
    pipe: (parser: Writable) => {
      watch(parser);
      return req.pipe(parser);
    },
    unpipe: (parser: Writable) => req.unpipe(parser),
    once: req.once.bind(req),
    resume: () => req,
    get readableEnded() {
      return req.readableEnded;
    },
  } as unknown as IncomingMessage;
}

const NO_BOUNDARY =
  'The Content-Type multipart/form-data has no valid boundary. Do not set this header yourself: the HTTP client that writes the body sets it.';
const SENT_TWICE = 'The body contains a file twice. Send each file of the map once.';
const NOT_IN_MAP =
  'The body contains a file that the map does not assign to a variable. Add it to the map, or omit it.';

/** Checks the headers before the body is read. @throws {MultipartError} */
function checkFraming({ headers }: IncomingMessage, boundary: string): void {
  if (!/^[\x20-\x7e]+$/.test(boundary)) throw new MultipartError(400, NO_BOUNDARY);
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0)
    throw new MultipartError(400, 'The request has no body. Send the parts operations, map and the files.');
}

/** The variables of one operation, or of each operation of a batch. Yoga validates their types. */
function variablesOf(operations: object): object {
  if (Array.isArray(operations)) return operations.filter(isObject).map(variablesOf);
  return 'variables' in operations && isObject(operations.variables) ? operations.variables : {};
}

/** The variables that hold a file. Without recursion, because the client decides the depth of its JSON. */
function* uploadsIn(root: object): Generator<{ upload: Upload; parent: object; key: string }, void> {
  const todo: object[] = [root];
  for (let parent; (parent = todo.pop());) {
    for (const [key, value] of Object.entries(parent)) {
      if (value instanceof library.Upload) yield { upload: value, parent, key };
      else if (isObject(value)) todo.push(value);
    }
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
