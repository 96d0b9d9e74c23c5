import { initGraphQLTada } from 'gql.tada';
import type { introspection } from './schema.d.ts';

/** Parses an operation. Its types are derived from `schema.graphql`: a field that does not exist is a type error. */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; FiscalCode: string; URL: string; Upload: File };
}>();

export type { ResultOf, VariablesOf } from 'gql.tada';
