import { SpanKind } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import type { BlobStorage } from './blob-storage.ts';
import { inSpan } from '../../observability/tracing/in-span.ts';
import { serverOf } from '../pipeline/with-spans.ts';

/**
 * A span for each call of the storage, with its repeats. The storage itself is told nothing: it knows a file by its
 * address alone, and what its logs keep should not lead from there to whose it is.
 */
export function withStorageSpans(storage: BlobStorage, tracer: Tracer): BlobStorage {
  const traced = <T>(
    name: string,
    address: string,
    run: () => Promise<T>,
    method: 'PUT' | 'GET' | 'HEAD' = 'PUT',
  ): Promise<T> => {
    // Host and port alone: the rest of the address is as good as a key.
    const url = URL.parse(address);
    const attributes = { ...(url === null ? {} : serverOf(url)), 'http.request.method': method };
    return inSpan(tracer, name, { kind: SpanKind.CLIENT, attributes }, run);
  };
  return {
    ...storage,
    // Until the content begins.
    getBlob: (url, options) => traced('getBlob', url, () => storage.getBlob(url, options), 'GET'),
    getBlobProperties: (url, options) =>
      traced('getBlobProperties', url, () => storage.getBlobProperties(url, options), 'HEAD'),
    putBlob: (url, bytes, options) => traced('putBlob', url, () => storage.putBlob(url, bytes, options)),
    putBlock: (url, id, bytes, options) =>
      traced('putBlock', url, () => storage.putBlock(url, id, bytes, options)),
    putBlockList: (url, ids, options) =>
      traced('putBlockList', url, () => storage.putBlockList(url, ids, options)),
  };
}
