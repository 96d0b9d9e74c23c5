import { Kind, parse } from 'graphql';
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode, SelectionSetNode } from 'graphql';
import type { TrustedDocuments } from './trusted-documents.ts';

/** The root fields by their names in the schema. Aliases are not used, because their number is unlimited. */
export function rootFieldsOf(
  { selections }: SelectionSetNode,
  document: DocumentNode,
  found = new Set<string>(),
): Set<string> {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) found.add(selection.name.value);
    else if (selection.kind === Kind.INLINE_FRAGMENT) rootFieldsOf(selection.selectionSet, document, found);
    else {
      const { value } = selection.name;
      const fragment = document.definitions.find(
        (node) => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === value,
      );
      // Documents are valid here: no fragment includes itself.
      if (fragment?.kind === Kind.FRAGMENT_DEFINITION) rootFieldsOf(fragment.selectionSet, document, found);
    }
  }
  return found;
}

/** The label of an operation with several root fields. */
const SEVERAL = 'several';
/** The label of an operation that selects only the schema. */
const INTROSPECTION = 'introspection';
/** The label of an operation that was refused before it was known. */
export const UNKNOWN = 'unknown';

/**
 * A name from a small set for an operation of a valid document: its field of `Query`, `Mutation` or `Subscription`. With
 * trusted documents it is the name of the operation, which a developer chose.
 */
export function labelOf(
  { name }: OperationDefinitionNode,
  rootFields: ReadonlySet<string>,
  isTrusted: boolean,
): string {
  if (isTrusted && name !== undefined) return name.value;
  const ours = [...rootFields].filter((field) => !field.startsWith('__'));
  const [only = INTROSPECTION] = ours;
  return ours.length > 1 ? SEVERAL : only;
}

/** Every label that `labelOf` can return. */
export function operationNames(schema: GraphQLSchema, documents?: TrustedDocuments): string[] {
  const types = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const fields = types.flatMap((type) => Object.keys(type?.getFields() ?? {}));
  const trusted = [...(documents?.values() ?? [])].flatMap((text) =>
    parse(text).definitions.flatMap((node) =>
      node.kind === Kind.OPERATION_DEFINITION && node.name !== undefined ? [node.name.value] : [],
    ),
  );
  return [...new Set([...fields, ...trusted, SEVERAL, INTROSPECTION, UNKNOWN])];
}
