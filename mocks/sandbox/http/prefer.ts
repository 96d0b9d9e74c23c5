import type { ContractOperation } from './contract.ts';

/** A `Prefer` header for Prism: a response from the contract instead of the state of the sandbox. */
export interface Preference {
  readonly code?: number;
  readonly exampleKey?: string;
  readonly dynamic: boolean;
  readonly seed?: string;
}

/**
 * Parses `Prefer: code=404, example=name, dynamic=true, seed=42`. Undefined without code, example or dynamic, so that
 * calls with other preferences stay stateful.
 */
export function parsePrefer(header: string | undefined): Preference | undefined {
  const given = new Map<string, string>();
  for (const item of (header ?? '').split(/[,;]/)) {
    const [name = '', value = ''] = item.split('=', 2).map((part) => part.trim());
    given.set(name.toLowerCase(), value.replace(/^"(.*)"$/, '$1'));
  }
  const [example, seed] = [given.get('example'), given.get('seed')];
  // Invalid preferences are ignored (RFC 7240, section 2).
  const code = /^\d{3}$/.test(given.get('code') ?? '') ? Number(given.get('code')) : undefined;
  const dynamic = given.get('dynamic') === 'true';
  if (code === undefined && example === undefined && !dynamic) return undefined;
  return {
    ...(code !== undefined && { code }),
    ...(example !== undefined && { exampleKey: example }),
    ...(seed !== undefined && { seed }),
    dynamic,
  };
}

/** A media type of a response in the contract, or a response without a body. */
interface ResponseOption {
  readonly code: number;
  readonly mediaType: string | undefined;
  readonly examples: readonly string[];
}

/** The response that Prism generates. */
export interface SelectedResponse {
  readonly code: number;
  /** In the format of an `Accept` header. */
  readonly mediaTypes: string[];
}

/**
 * Finds the response that a preference selects. Prism itself searches for an example in the first success only, and may
 * answer with another status because of `Accept`, which the service ignores.
 * @returns an error text with the available responses, if none matches
 */
export function selectResponse(
  operation: ContractOperation,
  { code, exampleKey }: Partial<Preference>,
  accept = '*/*',
): SelectedResponse | string {
  const all = responseOptionsOf(operation);
  const ofCode = all.filter((candidate) => code === undefined || candidate.code === code);
  if (ofCode.length === 0) {
    const codes = [...new Set(all.map((candidate) => candidate.code))];
    return `${operation.iid} has no response with status ${code}. Its statuses: ${codes.join(', ')}`;
  }
  if (exampleKey !== undefined) {
    const found = ofCode.find(({ examples }) => examples.includes(exampleKey));
    if (found !== undefined) return { code: found.code, mediaTypes: [found.mediaType ?? '*/*'] };
    const status = code === undefined ? '' : ` with status ${code}`;
    const names = ofCode.flatMap(({ code: own, examples }) =>
      examples.length === 0 ? [] : [`${own}: ${examples.join(', ')}`],
    );
    const hint = names.length === 0 ? 'There are none' : `Its examples: ${names.join('; ')}`;
    return `${operation.iid} has no example ${JSON.stringify(exampleKey)}${status}. ${hint}`;
  }
  const first = ofCode[0]?.code ?? 200;
  // Accepted types first, then any other.
  const types = ofCode.flatMap(({ code: own, mediaType }) =>
    own === first && mediaType ? [`${mediaType};q=0.001`] : [],
  );
  return { code: first, mediaTypes: types.length === 0 ? ['*/*'] : [accept, ...types] };
}

/** Successes first. */
function responseOptionsOf({ responses }: ContractOperation): ResponseOption[] {
  return responses
    .flatMap(({ code, contents = [] }): ResponseOption[] => {
      const status = Number(code);
      if (contents.length === 0) return [{ code: status, mediaType: undefined, examples: [] }];
      return contents.map(({ mediaType, examples = [] }) => ({
        code: status,
        mediaType,
        examples: examples.map(({ key }) => key),
      }));
    })
    .sort((one, other) => one.code - other.code);
}
