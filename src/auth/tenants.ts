import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { issuerKey, KeyFileError, readKeyFile } from './issuer-key.ts';

const fileRules = z
  .record(
    z.string().min(1),
    z.union([z.strictObject({ apiKey: issuerKey }), z.strictObject({ apiKeyFile: z.string().min(1) })], {
      error: 'must have either apiKey, a key without blanks, or apiKeyFile',
    }),
  )
  .refine((tenants) => Object.keys(tenants).length > 0, 'must have a tenant');

/** The file cannot be used. The message holds no key. */
export class TenantsError extends Error {
  override readonly name = 'TenantsError';
}

/**
 * The issuer's key of each tenant. Files of keys are looked for beside the file that names them.
 * @throws {TenantsError}
 */
export function readTenants(file: string): ReadonlyMap<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new TenantsError('must be a file with JSON that can be read');
  }
  const { data, error } = fileRules.safeParse(parsed);
  if (data === undefined) {
    const places = error.issues.map(({ path, message }) =>
      [path.join('.'), message].filter(Boolean).join(': '),
    );
    throw new TenantsError(`the file cannot be used: ${places.join('; ')}`);
  }
  return new Map(
    Object.entries(data).map(([tenant, source]) => {
      if ('apiKey' in source) return [tenant, source.apiKey];
      return [tenant, readKey(tenant, resolve(dirname(file), source.apiKeyFile))];
    }),
  );
}

function readKey(tenant: string, file: string): string {
  try {
    return readKeyFile(file);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    throw new TenantsError(`the key file of ${tenant}: ${error.message}`);
  }
}
