import type { ContractOperation } from './contract.ts';

/** What a `Prefer` header asks of Prism: an answer from the contract instead of from the sandbox's state. */
export interface Preference {
  readonly code?: number;
  readonly exampleKey?: string;
  readonly dynamic: boolean;
  readonly seed?: string;
}

/**
 * Reads `Prefer: code=404, example=name, dynamic=true, seed=42`. Undefined when none of these is there, so that other
 * preferences leave a call stateful.
 */
export function parsePrefer(header: string | undefined): Preference | undefined {
  const given = new Map<string, string>();
  for (const item of (header ?? '').split(/[,;]/)) {
    const [name = '', value = ''] = item.split('=', 2).map((part) => part.trim());
    given.set(name.toLowerCase(), value.replace(/^"(.*)"$/, '$1'));
  }
  const [example, seed] = [given.get('example'), given.get('seed')];
  // A preference that makes no sense is no preference (RFC 7240, section 2).
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

/** One body that the contract has for an operation, or one answer without a body. */
interface Candidate {
  readonly code: number;
  readonly mediaType: string | undefined;
  readonly examples: readonly string[];
}

/** Which answer Prism is to give. */
export interface Choice {
  readonly code: number;
  /** In the form of an `Accept` header. */
  readonly mediaTypes: string[];
}

/**
 * Finds the answer of an operation that a preference means. Prism alone looks for an example in the first success only,
 * and takes `Accept` for a reason to answer with another status; the service does not look at `Accept`.
 * @returns text that says what there is, if nothing fits
 */
export function choose(
  operation: ContractOperation,
  { code, exampleKey }: Partial<Preference>,
  accept = '*/*',
): Choice | string {
  const all = candidatesOf(operation);
  const ofCode = all.filter((candidate) => code === undefined || candidate.code === code);
  if (ofCode.length === 0) {
    const codes = [...new Set(all.map((candidate) => candidate.code))];
    return `${operation.iid} has no answer ${code}. It has ${codes.join(', ')}`;
  }
  if (exampleKey !== undefined) {
    const found = ofCode.find(({ examples }) => examples.includes(exampleKey));
    if (found !== undefined) return { code: found.code, mediaTypes: [found.mediaType ?? '*/*'] };
    const answer = code === undefined ? operation.iid : `answer ${code} of ${operation.iid}`;
    const names = ofCode.flatMap(({ code: own, examples }) =>
      examples.length === 0 ? [] : [`${own}: ${examples.join(', ')}`],
    );
    const hint = names.length === 0 ? 'It has none' : `It has ${names.join('; ')}`;
    return `There is no example ${JSON.stringify(exampleKey)} of ${answer}. ${hint}`;
  }
  const first = ofCode[0]?.code ?? 200;
  // What the caller accepts comes first, and whatever there is otherwise.
  const types = ofCode.flatMap(({ code: own, mediaType }) =>
    own === first && mediaType ? [`${mediaType};q=0.001`] : [],
  );
  return { code: first, mediaTypes: types.length === 0 ? ['*/*'] : [accept, ...types] };
}

/** Successes first. */
function candidatesOf({ responses }: ContractOperation): Candidate[] {
  return responses
    .flatMap(({ code, contents = [] }): Candidate[] => {
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
