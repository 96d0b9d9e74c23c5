import { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Readable, Writable } from 'node:stream';
import { format } from 'content-type';
import { GraphQLError } from 'graphql';
import type { Upload } from 'graphql-upload-minimal';
import type { Plugin, GraphQLParams } from 'graphql-yoga';
import { mediaTypeOf, MULTIPART_TYPE } from '../../http/media-types.ts';
import type { Queues } from '../../observability/queues.ts';
import { BlockPool } from '../../uploads/block-pool.ts';
import { MultipartError, UploadError } from '../../uploads/file-upload.ts';
import { FormGuard } from '../../uploads/form-guard.ts';
import type { FormLimits } from '../../uploads/form-guard.ts';
import type { FilePart } from '../../uploads/incoming-file.ts';
import { drain } from '../../uploads/body-watch.ts';
import { RequestFiles } from '../../uploads/request-files.ts';

export interface UploadsPluginOptions {
  /** The limit of a file in bytes. Readers refuse a larger file; the rest of it is skipped. */
  maxFileBytes: number;
  /** How long the client may send nothing while a reader waits. */
  stallTimeoutMs: number;
  /** The files of one request. @default 10 */
  maxFiles?: number;
  /** The limit of the fields `operations` and `map`, each, in bytes. @default 1 MB */
  maxFieldBytes?: number;
  /**
   * Memory for files that arrive before the field that uses them. It is a separate pool: an upload may hold one of its blocks
   * while it waits for one to send with, so with a single pool uploads could deadlock.
   * @default 4 blocks of 4 MiB
   */
  earlyPool?: BlockPool;
  /** Receives the liveness of that pool. */
  queues?: Queues;
  /** How long the client may send nothing of the rest of an answered request. @default 10 000 */
  drainStallMs?: number;
  /** How much of the rest is read. @default 256 MiB */
  drainBytes?: number;
}

/**
 * Parses GraphQL multipart requests, whose files stream to the resolvers as FileUpload. It needs a Yoga with
 * `multipart: false` under node:http; without node:http, multipart requests are answered with 415.
 *
 * `onRequestParse` only sets the parser, so that later plugins can still refuse the request unread.
 */
export function useUploads(options: UploadsPluginOptions): Plugin {
  const {
    maxFileBytes,
    stallTimeoutMs,
    maxFiles = 10,
    maxFieldBytes = 1_000_000,
    earlyPool = new BlockPool({ blocks: 4 }),
    queues,
    drainStallMs = 10_000,
    drainBytes = 256 * 1024 * 1024,
  } = options;
  queues?.add('upload-blocks', () => earlyPool.oldestMs);

  return {
    onRequestParse({ request, serverContext, setRequestParser }) {
      // The listener puts them there; Yoga's types do not know them.
      const { req, res } = serverContext as { req?: unknown; res?: unknown };
      if (!(req instanceof IncomingMessage) || !(res instanceof ServerResponse)) return;
      const { type, parameters } = mediaTypeOf(req.headers['content-type']);
      if (req.method !== 'POST' || type !== MULTIPART_TYPE) return;
      const { boundary = '' } = parameters;
      // The body is read from `req`: no other parser or limit may touch it.
      request.headers.delete('content-length');
      Object.defineProperty(request, 'body', { value: null });

      setRequestParser(async () => {
        const files = new RequestFiles(req, { earlyPool, stallTimeoutMs });
        res.once('close', () => {
          drain(req, { maxBytes: drainBytes, stallTimeoutMs: drainStallMs });
          void files.close();
        });
        try {
          return await parseMultipart(req, res, files, { boundary, maxFiles, maxFileBytes, maxFieldBytes });
        } catch (error) {
          throw asGraphQLError(error);
        }
      });
    },
  };
}

/** An error of the body before there is an operation is the client's, so it is never masked. */
function asGraphQLError(error: unknown): unknown {
  if (error instanceof MultipartError) return refusal(error.status, error.message);
  if (error instanceof UploadError) return refusal(error.kind === 'stalled' ? 408 : 400, error.message);
  return error;
}

const CODES = { 400: 'BAD_REQUEST', 408: 'REQUEST_TIMEOUT', 413: 'REQUEST_ENTITY_TOO_LARGE' } as const;

function refusal(status: keyof typeof CODES, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: CODES[status], http: { status } } });
}

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
async function parseMultipart(
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
