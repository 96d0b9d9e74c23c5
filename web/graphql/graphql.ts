import type { initGraphQLTada, ResultOf, VariablesOf } from 'gql.tada';
import { TypedDocumentString } from '../../client/operations.ts';
import type { introspection } from './schema.d.ts';

export type { ResultOf, VariablesOf } from 'gql.tada';

declare const typed: ReturnType<
  typeof initGraphQLTada<{
    introspection: introspection;
    scalars: { DateTime: string; FiscalCode: string; URL: string; Upload: File };
  }>
>;
/** Never called: only its type is used, so that no operation is parsed in the browser. */
const typedOf = <const Text extends string>(text: Text) => typed(text);
type Typed<Text extends string> = ReturnType<typeof typedOf<Text>>;

/**
 * An operation for `sigillo/client`. Its types are derived from `schema.graphql`: a field that does not exist is a type error.
 *
 * @param text indented as the code is
 */
export function graphql<const Text extends string>(
  text: Text,
): TypedDocumentString<ResultOf<Typed<Text>>, VariablesOf<Typed<Text>>> {
  return new TypedDocumentString(text.replaceAll(/^ {2}/gm, '').trim());
}
