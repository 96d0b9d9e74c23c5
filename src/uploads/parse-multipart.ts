import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Readable, Writable } from 'node:stream';
import { format } from 'content-type';
import type { GraphQLParams } from 'graphql-yoga';
import type { Upload } from 'graphql-upload-minimal';
import type { FilePart } from './incoming-file.ts';
import { guardMap } from './map-paths.ts';
import type { RequestFiles } from './request-files.ts';

// The package exports the class `Upload` to `require` only, and its types say otherwise. It is the same module.
const library = createRequire(import.meta.url)(
  'graphql-upload-minimal',
) as typeof import('graphql-upload-minimal');

/** How a body is read. */
export interface MultipartOptions {
  /** Between the parts, as its `Content-Type` has it. */
  readonly boundary: string;
  /** Files in one request. */
  readonly maxFiles: number;
  /** Bytes of a file. */
  readonly maxFileBytes: number;
  /** Bytes of `operations`, and of `map`. */
  readonly maxFieldBytes: number;
}

/** The request is no GraphQL multipart request, or breaks a limit: `status` is 400 or 413. */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
  readonly status: 400 | 413;

  constructor(status: 400 | 413, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/**
 * Reads a GraphQL multipart request (https://github.com/jaydenseric/graphql-multipart-request-spec) as far as its
 * files and answers its operation, with a FileUpload in the place of each.
 * @throws MultipartError, UploadError
 */
export async function parseMultipart(
  req: IncomingMessage,
  res: ServerResponse,
  files: RequestFiles,
  options: MultipartOptions,
): Promise<GraphQLParams | GraphQLParams[]> {
  const promised = new Map<Upload, (part: FilePart) => void>();
  // Files can begin before `processRequest` has answered, when the whole body came in one packet.
  let early: [string, Readable][] | undefined = [];

  const onFile = (name: string, stream: Readable): void => {
    if (early) {
      early.push([name, stream]);
      return;
    }
    const upload = promised.keys().find(({ file }) => file?.fieldName === name);
    const begin = upload && promised.get(upload);
    if (!upload?.file || !begin) return files.refusePart(stream);
    promised.delete(upload);
    // Not `createReadStream`: it throws when the file, all in one packet, is already known to be cut off or too large.
    begin({ filename: upload.file.filename, mimetype: upload.file.mimetype, stream });
  };

  const operations = await files
    .orStalled(
      library.processRequest(viewOf(req, options.boundary, files, onFile), res, {
        maxFieldSize: options.maxFieldBytes,
        maxFiles: options.maxFiles,
        // The parser cuts a file at its limit, and also one of exactly that size. Readers count for themselves.
        maxFileSize: options.maxFileBytes + 1,
      }),
    )
    .catch((error: unknown) => {
      throw asMultipartError(error);
    });

  for (const { upload, parent, key } of uploadsIn(variablesOf(operations))) {
    if (promised.has(upload)) {
      throw new MultipartError(
        400,
        'The map gives one file to two variables. Files are not kept: send it once for each.',
      );
    }
    const { upload: file, begin } = files.expect();
    promised.set(upload, begin);
    Object.assign(parent, { [key]: file });
  }
  if (uploadsIn(operations).next().value) {
    throw new MultipartError(400, 'The map gives a file to something that is no variable.');
  }
  const begun = early;
  early = undefined;
  for (const [name, stream] of begun) onFile(name, stream);
  // Whatever JSON the client sent: Yoga checks it, as it checks every other body.
  return operations as GraphQLParams | GraphQLParams[];
}

/**
 * What `processRequest` sees of the request. It reads nothing but these members, which makes the cast true.
 * `Content-Type` is in the one form that the library and the parser take; the parser comes past us; and the library may
 * not read the rest of a failed request on, which it would do without limit: `drain.ts` does that.
 */
function viewOf(
  req: IncomingMessage,
  boundary: string,
  files: RequestFiles,
  onFile: (name: string, stream: Readable) => void,
): IncomingMessage {
  return {
    headers: {
      ...req.headers,
      'content-type': format({ type: 'multipart/form-data', parameters: { boundary } }),
    },
    pipe: (parser: Writable) => {
      guardMap(parser, leadsOutside);
      parser.on('file', onFile);
      files.watch(parser);
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

const leadsOutside = (): MultipartError =>
  new MultipartError(400, 'The map gives a file to a place that the operations do not have.');

/** The variables of one operation, or of each in a batch; Yoga judges whether they are what it wants. */
function variablesOf(operations: object): object {
  if (Array.isArray(operations)) return operations.map(variablesOf);
  return 'variables' in operations && isObject(operations.variables) ? operations.variables : {};
}

/** The places to which the map gives a file. Without recursion: the client decides how deep its JSON is. */
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

/** The library's own errors carry a status; the parser's do not and are about the body as well. */
function asMultipartError(error: unknown): unknown {
  if (!(error instanceof Error) || error.name === 'UploadError') return error;
  const status = 'status' in error && error.status === 413 ? 413 : 400;
  const message =
    'status' in error && error.status === 500
      ? 'The multipart request has no fields: send operations, map and the files, in this order.'
      : error.message;
  return new MultipartError(status, message, { cause: error });
}
