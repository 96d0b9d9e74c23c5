import { Ajv } from 'ajv';

import { contractDocument } from './support-contract.ts';

// A second opinion: Prism validates too, but a mistake of its own would stand on both sides there.
const ajv = new Ajv({ strict: false, allErrors: true, formats: { binary: true } });
ajv.addFormat('email', /^[^\s@]+@[^\s@]+\.[^\s@]+$/);
ajv.addFormat('uri', (text) => URL.canParse(text));
ajv.addFormat('uuid', /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i);
ajv.addSchema({ $id: 'contract', ...Object(contractDocument) });

/** What the contract's schema at the pointer has against the value, and the value itself; empty if nothing. */
export function violations(schemaPointer: string, value: unknown): unknown[] {
  const validate = ajv.getSchema(`contract${schemaPointer}`);
  if (validate === undefined) throw new Error(`no schema at ${schemaPointer}`);
  return validate(value) ? [] : [...(validate.errors ?? []), value];
}
