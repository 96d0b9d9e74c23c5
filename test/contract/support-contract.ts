import { readFileSync } from 'node:fs';

import { parse } from 'yaml';
import { z } from 'zod';

// Reads mocks/openapi.yaml without Prism, so that the results of Prism can be checked independently.

export const contractPath = 'mocks/openapi.yaml';

/** The contract as parsed YAML, with its references. */
export const contractDocument: unknown = parse(readFileSync(contractPath, 'utf8'));

/** An example body of the contract, with the JSON pointer to its schema. */
export interface ContractExample {
  name: string;
  value: unknown;
}

/** One media type of one status code; `examples` and `schemaPointer` are empty for an answer without a body. */
export interface ContractAnswer {
  status: number;
  contentType: string | undefined;
  schemaPointer: string;
  examples: ContractExample[];
}

export interface ContractOperation {
  id: string;
  method: string;
  path: string;
  request: Omit<ContractAnswer, 'status'> | undefined;
  answers: ContractAnswer[];
}

const node = z.record(z.string(), z.unknown());
const reference = z.object({ $ref: z.string().startsWith('#/') });

/** The value of a JSON pointer such as `#/components/schemas/Id`. */
export function valueAt(pointer: string): unknown {
  return pointer
    .slice(2)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((value, step) => node.parse(value)[step], contractDocument);
}

/** The pointer to the value after all references. */
function follow(pointer: string): string {
  const target = reference.safeParse(valueAt(pointer));
  return target.success ? follow(target.data.$ref) : pointer;
}

function children(pointer: string): [name: string, pointer: string][] {
  const parent = follow(pointer);
  const value = valueAt(parent);
  if (value === undefined) return [];
  return Object.keys(node.parse(value)).map((name) => [
    name,
    follow(`${parent}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  ]);
}

function contents(pointer: string): Omit<ContractAnswer, 'status'>[] {
  return children(`${pointer}/content`).map(([contentType, media]) => ({
    contentType,
    schemaPointer: follow(`${media}/schema`),
    examples: children(`${media}/examples`).map(([name, example]) => ({
      name,
      value: node.parse(valueAt(example))['value'],
    })),
  }));
}

/** Every operation of the contract, in its order. */
export const contractOperations: ContractOperation[] = children('#/paths').flatMap(([path, item]) =>
  children(item).map(([method, operation]) => ({
    id: z.string().parse(node.parse(valueAt(operation))['operationId']),
    method: method.toUpperCase(),
    path,
    request: valueAt(`${operation}/requestBody`) ? contents(`${operation}/requestBody`)[0] : undefined,
    answers: children(`${operation}/responses`).flatMap(([status, response]): ContractAnswer[] => {
      const bodies = contents(response);
      const empty = { contentType: undefined, schemaPointer: '', examples: [] };
      return (bodies.length > 0 ? bodies : [empty]).map((body) => ({ status: Number(status), ...body }));
    }),
  })),
);

/** Every named example of every answer. */
export const contractExamples = contractOperations.flatMap((operation) =>
  operation.answers.flatMap((answer) => answer.examples.map((example) => ({ operation, answer, example }))),
);

export function operationOf(id: string): ContractOperation {
  const found = contractOperations.find((operation) => operation.id === id);
  if (!found) throw new Error(`no operation ${id}`);
  return found;
}
