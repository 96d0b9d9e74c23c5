import { STATUS_CODES } from 'node:http';
import { Refusal } from '../http/problems.ts';
import type { components } from './openapi.d.ts';

type Problem = components['schemas']['Problem'];

/** An error of the control API. `detail` states the problem and how to fix it. */
export function controlProblem(
  status: number,
  detail: string,
  facts: { readonly code?: Problem['code'] & string; readonly violations?: readonly string[] } = {},
): Refusal {
  return new Refusal({
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: { title: STATUS_CODES[status] ?? 'Error', status, detail, ...facts },
  });
}
