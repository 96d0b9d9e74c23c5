/** The storage account of the service. URLs are path-style, as with Azurite: `/<account>/<container>/<blob>`. */
export const ACCOUNT = 'iopitnsignst01';
export const UPLOADED_DOCUMENTS = 'uploaded-documents';
export const VALIDATED_DOCUMENTS = 'validated-documents';
export const SIGNED_DOCUMENTS = 'signed-documents';

export function blobPath(container: string, blob: string): string {
  return `/${ACCOUNT}/${container}/${blob}`;
}
