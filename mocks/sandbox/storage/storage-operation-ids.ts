/** Names of the storage operations in faults and the journal. */
export const STORAGE_OPERATION_IDS = [
  'putBlob',
  'putBlock',
  'putBlockList',
  'getBlob',
  'deleteBlob',
] as const;

export type StorageOperationId = (typeof STORAGE_OPERATION_IDS)[number];
