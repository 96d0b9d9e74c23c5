import { GraphQLError } from 'graphql';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { Queues } from '../../observability/queues.ts';
import { BlockPool } from '../../uploads/block-pool.ts';
import { drain } from '../../uploads/request-body.ts';
import { MultipartError, UploadError } from '../../uploads/file-upload.ts';
import { parseMultipart } from '../../uploads/parse-multipart.ts';
import { RequestFiles } from '../../uploads/request-files.ts';
import { mediaTypeOf, MULTIPART_TYPE } from '../../http/media-types.ts';

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
