import { FormData, Headers, fetch } from 'undici';
import type { Response } from 'undici';

import type { ContractOperation } from './support-contract.ts';

export interface CallOptions {
  readonly prefer?: string | undefined;
  readonly accept?: string | undefined;
  readonly body?: unknown;
  readonly query?: string;
  readonly key?: string;
}

/** A valid call, changed by the options. */
export async function callOperation(
  baseUrl: string,
  operation: ContractOperation,
  options: CallOptions = {},
): Promise<Response> {
  const headers = new Headers({ 'Ocp-Apim-Subscription-Key': options.key ?? 'chiave-di-prova' });
  if (options.prefer !== undefined) headers.set('Prefer', options.prefer);
  if (options.accept !== undefined) headers.set('Accept', options.accept);

  let body: string | FormData | undefined;
  if (operation.request?.contentType === 'multipart/form-data') {
    body = new FormData();
    body.set('document', new File(['%PDF-1.7'], 'contratto.pdf', { type: 'application/pdf' }));
    body.set('fields', new File(['[]'], 'fields.json', { type: 'application/json' }));
  } else if (operation.request) {
    body = JSON.stringify(options.body ?? operation.request.examples[0]?.value);
    headers.set('Content-Type', 'application/json');
  }
  const path = operation.path.replaceAll(/\{\w+\}/g, '01KJYMD75M8Q4V6W9X0Y2Z7A1C');
  return fetch(`${baseUrl}${path}${options.query ?? ''}`, {
    method: operation.method,
    headers,
    body: body ?? null,
  });
}
