import { createRequire } from 'node:module';
import type { IHttpRequest } from '@stoplight/prism-http';
import pino from 'pino';
import type { ContractOperation } from './contract.ts';
import { selectResponse } from './prefer.ts';
import type { Preference } from './prefer.ts';

/** Prism's diagnostics of a request. */
type Diagnostics = Parameters<typeof MOCKER.default>[0]['input']['validations'];
/** A response from the contract, or an error whose message lists the available ones. */
type Mocked = ReturnType<ReturnType<typeof MOCKER.default>>;

/** A response from the examples and schemas of the contract. */
export function mockResponse(
  operation: ContractOperation,
  request: IHttpRequest,
  validations: Diagnostics,
  preference: Preference,
): Mocked {
  const selected = selectResponse(operation, preference, request.headers?.['accept']);
  if (typeof selected === 'string') return { _tag: 'Left', left: new Error(selected) };
  const config = { ...preference, ...selected };
  return MOCKER.default({ resource: operation, input: { data: request, validations }, config })(LOGGER);
}

/** Loaded with `require`, because Node and test runners differ in the default import of a CommonJS module. */
const MOCKER: typeof import('@stoplight/prism-http/dist/mocker/index.js', {
  with: { 'resolution-mode': 'require' },
}) = createRequire(import.meta.url)('@stoplight/prism-http/dist/mocker/index.js');

/** A silent logger with Prism's own level `success`. */
const LOGGER_OPTIONS = { level: 'silent', customLevels: { success: 31 } };
// The cast removes the custom level from the type, as Prism declares its logger without it.
const LOGGER = pino<never>(LOGGER_OPTIONS);
