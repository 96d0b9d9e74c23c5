import type { Block, BlobStore } from './blob-store.ts';
import { StorageError } from './storage-error.ts';

const WHOLE_LIST =
  /^\uFEFF?\s*(<\?xml[^>]*\?>)?\s*<BlockList\s*(\/>|>(\s*<(Latest|Committed|Uncommitted)>\s*[A-Za-z0-9+/=]+\s*<\/\4>)*\s*<\/BlockList>)\s*$/;
/** Maximum length of a block id before encoding. */
const MAX_BLOCK_ID_BYTES = 64;
const ENTRY = /<(Latest|Committed|Uncommitted)>\s*([A-Za-z0-9+/=]+)\s*<\/\1>/g;

/**
 * The blocks of a Put Block List, in its order.
 * @throws StorageError if the body is not a block list or names an unknown block
 */
export function blocksOfList(xml: string, blobs: BlobStore, container: string, name: string): Block[] {
  if (!WHOLE_LIST.test(xml)) {
    throw new StorageError(400, 'InvalidXmlDocument', 'XML specified is not syntactically valid.');
  }
  const uncommitted = blobs.uncommitted(container, name);
  const committed = blobs.get(container, name)?.blocks;
  return [...xml.matchAll(ENTRY)].map(([, where, id = '']) => {
    const block =
      (where === 'Committed' ? undefined : uncommitted.get(id)) ??
      (where === 'Uncommitted' ? undefined : committed?.get(id));
    if (block === undefined) {
      throw new StorageError(400, 'InvalidBlockList', 'The specified block list is invalid.');
    }
    return block;
  });
}

/** @throws StorageError unless the id is Base64 and has the length of the blob's other block ids */
export function checkBlockId(id: string | null, blobs: BlobStore, container: string, name: string): string {
  if (id === null || id === '') {
    const message = 'A query parameter that is mandatory for this request is not specified.';
    throw new StorageError(400, 'MissingRequiredQueryParameter', message, { QueryParameterName: 'blockid' });
  }
  const decoded = Buffer.from(id, 'base64');
  if (decoded.length > MAX_BLOCK_ID_BYTES) {
    throw new StorageError(400, 'OutOfRangeInput', 'One of the request inputs is out of range.');
  }
  if (decoded.toString('base64') !== id) {
    const message = 'Value for one of the query parameters specified in the request URI is invalid.';
    throw new StorageError(400, 'InvalidQueryParameterValue', message, {
      QueryParameterName: 'blockid',
      QueryParameterValue: id,
      Reason: 'Not a valid base64 string.',
    });
  }
  for (const other of blobs.uncommitted(container, name).keys()) {
    if (other.length !== id.length) {
      throw new StorageError(400, 'InvalidBlobOrBlock', 'The specified blob or block content is invalid.');
    }
  }
  return id;
}
