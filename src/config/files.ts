import { ApiKeysError } from '../auth/api-keys.ts';
import { KeyFileError } from '../auth/issuer-key.ts';
import { TenantsError } from '../auth/tenants.ts';
import { ManifestError } from '../graphql/trusted-documents.ts';
import { WebhooksError } from '../webhooks/endpoints.ts';

/** The content of a file, or its mistake; neither if the variable is not set. */
interface Content<T> {
  readonly value?: T;
  readonly mistake?: string;
}

const ERRORS = [KeyFileError, TenantsError, ApiKeysError, ManifestError, WebhooksError];

/** Reads the file of the variable `name`. */
export function readNamed<T>(name: string, file: string | undefined, read: (file: string) => T): Content<T> {
  if (file === undefined || file === '') return {};
  try {
    return { value: read(file) };
  } catch (error) {
    if (!(error instanceof Error) || !ERRORS.some((kind) => error instanceof kind)) throw error;
    return { mistake: `${name}: ${error.message}` };
  }
}
