import type { IncomingMessage } from 'node:http';
import type { World } from '../model/world.ts';
import { createBlob } from './blob-store.ts';
import type { Blob } from './blob-store.ts';
import type { StorageOperationId } from './storage-operation-ids.ts';
import { blocksOfList, checkBlockId } from './block-list.ts';
import { readBody, requireLength } from './blob-body.ts';
import { rangeOf } from './byte-range.ts';
import { checkReadConditions, checkWriteConditions } from './conditions.ts';
import { ACCOUNT } from './containers.ts';
import { StorageError, invalidHeader, invalidQuery, missingHeader } from './storage-error.ts';

/** A response of the storage, with its operation. */
export interface StorageAnswer {
  readonly operationId: string | undefined;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: Buffer | string;
}

export interface BlobServiceOptions {
  readonly world: World;
  /** Called after a client has written a blob. */
  readonly onCommit: (container: string, name: string) => void;
}

const VERSION = '2026-06-06';
const MAX_BLOCK_LIST_BYTES = 8 * 1_024 * 1_024;
const ENCRYPTION_HEADERS = { 'x-ms-request-server-encrypted': 'true' };

/** An authorized call to a blob. */
interface BlobCall {
  readonly request: IncomingMessage;
  readonly container: string;
  readonly name: string;
  readonly query: URLSearchParams;
}

/** The permission that an operation needs, in Azure's letters, and its implementation. */
interface BlobOperation {
  readonly permission: string;
  readonly answer: (call: BlobCall) => StorageAnswer | Promise<StorageAnswer>;
}

/**
 * The part of Azure Blob Storage that clients of the service use: Put Blob, Put Block, Put Block List, Get Blob, and the
 * errors. Bodies are read as streams. If the connection breaks within one, the call rejects and commits nothing.
 */
export class BlobService {
  readonly #world: World;
  readonly #onCommit: BlobServiceOptions['onCommit'];
  readonly #operations: Readonly<Record<StorageOperationId, BlobOperation>> = {
    putBlob: { permission: 'w', answer: (call) => this.#putBlob(call) },
    putBlock: { permission: 'w', answer: (call) => this.#putBlock(call) },
    putBlockList: { permission: 'w', answer: (call) => this.#putBlockList(call) },
    getBlob: { permission: 'r', answer: (call) => this.#getBlob(call) },
    // No URL of the service allows deletion, so every delete is refused.
    deleteBlob: { permission: 'd', answer: unsupported },
  };

  constructor({ world, onCommit }: BlobServiceOptions) {
    this.#world = world;
    this.#onCommit = onCommit;
  }

  /** @throws Error if the connection breaks before the end of the body */
  async handle(request: IncomingMessage, url: URL): Promise<StorageAnswer> {
    const { ids, clock } = this.#world;
    const requestId = ids.uuid();
    const common = {
      'x-ms-request-id': requestId,
      'x-ms-version': VERSION,
      date: new Date(clock.now()).toUTCString(),
      ...echoed(request),
    };
    const operationId = storageOperation(request, url);
    try {
      const answer = await this.#perform(operationId, blobCall(request, url));
      return { ...answer, headers: { ...answer.headers, ...common } };
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const headers = {
        ...common,
        ...error.headers,
        'x-ms-error-code': error.code,
        'content-type': 'application/xml',
      };
      return { operationId, status: error.status, headers, body: error.xml(requestId, clock.now()) };
    }
  }

  async #perform(operationId: StorageOperationId | undefined, call: BlobCall): Promise<StorageAnswer> {
    if (operationId === undefined) return unsupported(call);
    const { permission, answer } = this.#operations[operationId];
    authorize(this.#world, call, permission);
    return answer(call);
  }

  async #putBlob(call: BlobCall): Promise<StorageAnswer> {
    const { blobs, clock } = this.#world;
    requireLength(call.request);
    const type = call.request.headers['x-ms-blob-type'];
    if (type === undefined) throw missingHeader('x-ms-blob-type');
    if (type !== 'BlockBlob') throw invalidHeader('x-ms-blob-type', String(type));
    checkWriteConditions(call.request.headers, blobs.get(call.container, call.name));
    // Only Put Blob verifies the stored MD5, because a block list is not the content of its blob.
    const { chunks, md5 } = await readBody(call.request, ['content-md5', 'x-ms-blob-content-md5']);
    return this.#commit(call, 'putBlob', createBlob(chunks, clock.now()), { 'content-md5': md5 });
  }

  async #putBlock(call: BlobCall): Promise<StorageAnswer> {
    if (requireLength(call.request) === 0) throw invalidHeader('Content-Length', '0');
    const { container, name } = call;
    const id = checkBlockId(call.query.get('blockid'), this.#world.blobs, container, name);
    const { chunks, md5, size } = await readBody(call.request);
    // Checked again, because a block with another id length may have arrived meanwhile.
    checkBlockId(id, this.#world.blobs, container, name);
    this.#world.blobs.putBlock(container, name, { id, chunks, size });
    const headers = { ...ENCRYPTION_HEADERS, ...md5IfSent(call, md5) };
    return { operationId: 'putBlock', status: 201, headers };
  }

  async #putBlockList(call: BlobCall): Promise<StorageAnswer> {
    if (requireLength(call.request) > MAX_BLOCK_LIST_BYTES) {
      throw new StorageError(
        413,
        'RequestBodyTooLarge',
        'The request body is too large and exceeds the maximum permissible limit.',
      );
    }
    const { container, name } = call;
    checkWriteConditions(call.request.headers, this.#world.blobs.get(container, name));
    const { chunks, md5 } = await readBody(call.request);
    const blocks = blocksOfList(Buffer.concat(chunks).toString(), this.#world.blobs, container, name);
    const blob = createBlob(
      blocks.flatMap((block) => block.chunks),
      this.#world.clock.now(),
      new Map(blocks.map((block) => [block.id, block])),
      call.request.headers['x-ms-blob-content-md5']?.toString(),
    );
    return this.#commit(call, 'putBlockList', blob, md5IfSent(call, md5));
  }

  #commit(
    { container, name }: BlobCall,
    operationId: StorageOperationId,
    blob: Blob,
    headers: Readonly<Record<string, string>>,
  ): StorageAnswer {
    this.#world.blobs.put(container, name, blob);
    this.#onCommit(container, name);
    const written = {
      etag: blob.etag,
      'last-modified': new Date(blob.lastModified).toUTCString(),
      'x-ms-version-id': new Date(blob.lastModified).toISOString().replace('Z', '0000Z'),
    };
    return { operationId, status: 201, headers: { ...ENCRYPTION_HEADERS, ...written, ...headers } };
  }

  #getBlob({ request, container, name, query }: BlobCall): StorageAnswer {
    const blob = this.#world.blobs.get(container, name);
    if (blob === undefined) throw new StorageError(404, 'BlobNotFound', 'The specified blob does not exist.');
    checkReadConditions(request.headers, blob);
    const range = rangeOf(request.headers, blob.size);
    const md5 = blob.md5();
    return {
      operationId: 'getBlob',
      status: range === undefined ? 200 : 206,
      headers: {
        ...(range && { 'content-range': `bytes ${range.first}-${range.last}/${blob.size}` }),
        ...(md5 !== undefined && { [range ? 'x-ms-blob-content-md5' : 'content-md5']: md5 }),
        'accept-ranges': 'bytes',
        'content-type': query.get('rsct') ?? 'application/octet-stream',
        'content-length': range === undefined ? blob.size : range.last - range.first + 1,
        'last-modified': new Date(blob.lastModified).toUTCString(),
        etag: blob.etag,
        'x-ms-blob-type': 'BlockBlob',
        'x-ms-server-encrypted': 'true',
      },
      body: range === undefined ? blob.bytes() : blob.bytes().subarray(range.first, range.last + 1),
    };
  }
}

/** @throws StorageError for a preflight, or a path that cannot be that of a blob */
function blobCall(request: IncomingMessage, url: URL): BlobCall {
  if (request.method === 'OPTIONS') throw preflightRefusal(request);
  const [, account, container = '', ...name] = url.pathname.split('/');
  // Names are ULIDs, so a name with an encoded character does not exist.
  if (account !== ACCOUNT || name.length === 0) {
    throw new StorageError(404, 'ResourceNotFound', 'The specified resource does not exist.');
  }
  return { request, container, name: name.join('/'), query: url.searchParams };
}

/** @throws StorageError unless the URL is signed for the blob and has the permission */
function authorize({ sas, clock }: World, call: BlobCall, permission: string): void {
  if (call.request.headers.authorization !== undefined) {
    const message =
      'Authentication information is not given in the correct format. Check the value of Authorization header.';
    throw new StorageError(400, 'InvalidAuthenticationInfo', message);
  }
  const verdict = sas.verify(call.container, call.name, call.query, clock.now());
  if (verdict.ok) {
    if (verdict.permissions.includes(permission)) return;
    const message = 'This request is not authorized to perform this operation using this permission.';
    throw new StorageError(403, 'AuthorizationPermissionMismatch', message);
  }
  if (verdict.anonymous) {
    const message = 'Public access is not permitted on this storage account.';
    throw new StorageError(409, 'PublicAccessNotPermitted', message);
  }
  const message =
    'Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.';
  throw new StorageError(403, 'AuthenticationFailed', message, {
    AuthenticationErrorDetail: verdict.detail,
  });
}

/** @throws StorageError always: no operation has this method and `comp` */
function unsupported({ query }: BlobCall): never {
  const comp = query.get('comp');
  if (comp !== null) throw invalidQuery('comp', comp, '');
  throw new StorageError(
    405,
    'UnsupportedHttpVerb',
    'The resource does not support the specified HTTP verb.',
  );
}

/** The storage account of the service has no CORS rules, so web pages cannot access it. */
function preflightRefusal({ headers }: IncomingMessage): StorageError {
  const missing = ['origin', 'access-control-request-method'].find((name) => headers[name] === undefined);
  if (missing === undefined) {
    const message = 'CORS not enabled or no matching rule found for this request.';
    return new StorageError(403, 'CorsPreflightFailure', message, {
      MessageDetails: 'No CORS rules matches this request',
    });
  }
  return new StorageError(400, 'InvalidHeaderValue', 'A required CORS header is not present.', {
    MessageDetails: `Invalid required CORS header ${missing}`,
  });
}

/** Azure returns the MD5 of blocks and lists only if the request had one. */
function md5IfSent({ request }: BlobCall, md5: string): Record<string, string> {
  return request.headers['content-md5'] === undefined ? {} : { 'content-md5': md5 };
}

/** The storage operation of a call, by its method and query. */
export function storageOperation({ method }: IncomingMessage, url: URL): StorageOperationId | undefined {
  const comp = url.searchParams.get('comp');
  if (method === 'PUT') {
    if (comp === null) return 'putBlob';
    if (comp === 'block') return 'putBlock';
    return comp === 'blocklist' ? 'putBlockList' : undefined;
  }
  if (comp !== null) return undefined;
  if (method === 'GET' || method === 'HEAD') return 'getBlob';
  return method === 'DELETE' ? 'deleteBlob' : undefined;
}

function echoed(request: IncomingMessage): Record<string, string> {
  const id = request.headers['x-ms-client-request-id'];
  return typeof id === 'string' ? { 'x-ms-client-request-id': id } : {};
}
