import { Ajv } from 'ajv';

import { contractDocument } from './support-contract.ts';

// An independent validator: with Prism on both sides a mistake of Prism would not be found.
const ajv = new Ajv({ strict: false, allErrors: true, formats: { binary: true } });
ajv.addFormat('email', /^[^\s@]+@[^\s@]+\.[^\s@]+$/);
ajv.addFormat('uri', (text) => URL.canParse(text));
ajv.addFormat('uuid', /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i);
ajv.addSchema({ $id: 'contract', ...Object(contractDocument) });

/** The violations of the schema at the pointer, with the value; empty if it is valid. */
export function violations(schemaPointer: string, value: unknown): unknown[] {
  const validate = ajv.getSchema(`contract${schemaPointer}`);
  if (validate === undefined) throw new Error(`no schema at ${schemaPointer}`);
  return validate(value) ? [] : [...(validate.errors ?? []), value];
}
