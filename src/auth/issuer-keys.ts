import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';

/** An API key of Firma con IO. It is sent in a header, where a space or a line break would fail every call. */
export const issuerKey = z
  .string()
  .min(1, { error: 'must not be empty', abort: true })
  .regex(/^[\x21-\x7e]+$/, 'must be the key only, without spaces and line breaks');

/** The file is invalid. The message contains nothing of its content. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/**
 * Reads the key of a file, without surrounding white space.
 * @throws {KeyFileError}
 */
export function readKeyFile(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch {
    throw new KeyFileError('must be a readable file');
  }
  const { data, error } = issuerKey.safeParse(text);
  if (data === undefined) throw new KeyFileError(`its content ${error.issues[0]?.message ?? ''}`);
  return data;
}

const fileRules = z
  .record(
    z.string().min(1),
    z.union([z.strictObject({ apiKey: issuerKey }), z.strictObject({ apiKeyFile: z.string().min(1) })], {
      error: 'must have either apiKey, a key without spaces, or apiKeyFile',
    }),
  )
  .refine((tenants) => Object.keys(tenants).length > 0, 'must contain a tenant');

/** The file is invalid. The message contains no key. */
export class TenantsError extends Error {
  override readonly name = 'TenantsError';
}

/**
 * Reads the issuer key of each tenant. Paths of key files are relative to the tenants file.
 * @throws {TenantsError}
 */
export function readTenants(file: string): ReadonlyMap<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new TenantsError('must be a readable JSON file');
  }
  const { data, error } = fileRules.safeParse(parsed);
  if (data === undefined) {
    const mistakes = error.issues.map(({ path, message }) =>
      [path.join('.'), message].filter(Boolean).join(': '),
    );
    throw new TenantsError(`invalid file: ${mistakes.join('; ')}`);
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
    throw new TenantsError(`key file of ${tenant}: ${error.message}`);
  }
}
