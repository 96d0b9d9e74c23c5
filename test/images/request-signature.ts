import { readFileSync } from 'node:fs';
import { z } from 'zod';

const answerRules = z.object({ data: z.object({ requestSignature: z.record(z.string(), z.unknown()) }) });

/** Sends examples/request-signature.graphql with the PDFs of the examples. @returns the result of the mutation */
export async function requestSignature(url: string): Promise<Record<string, unknown>> {
  const query = readFileSync('examples/request-signature.graphql', 'utf8');
  const variables: unknown = JSON.parse(readFileSync('examples/request-signature.json', 'utf8'));
  const form = new FormData();
  form.set('operations', JSON.stringify({ query, variables }));
  const files = { 0: 'contratto.pdf', 1: 'informativa.pdf' };
  const paths = Object.keys(files).map((index) => [index, [`variables.input.documents.${index}.file`]]);
  form.set('map', JSON.stringify(Object.fromEntries(paths)));
  for (const [index, name] of Object.entries(files))
    form.set(index, new Blob([readFileSync(`examples/${name}`)], { type: 'application/pdf' }), name);
  const response = await fetch(url, { method: 'POST', body: form });
  return answerRules.parse(await response.json()).data.requestSignature;
}
