import { Kind, parse } from 'graphql';
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode, SelectionSetNode } from 'graphql';
import type { TrustedDocuments } from './trusted-documents.ts';

/** As the schema calls them; what a caller calls them is of no use, as there is no end to it. */
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
      // Of valid documents alone: no fragment comes back to itself.
      if (fragment?.kind === Kind.FRAGMENT_DEFINITION) rootFieldsOf(fragment.selectionSet, document, found);
    }
  }
  return found;
}

/** How metrics and traces call what asks for more than one field of `Query` or `Mutation`. */
const SEVERAL = 'several';
/** … or for the schema. */
export const INTROSPECTION = 'introspection';
/** … and what was refused before anybody looked. */
export const UNKNOWN = 'unknown';

/**
 * A name for an operation of a valid document that comes from a small set: the field of `Query`, `Mutation` or
 * `Subscription` that it asks for. With trusted documents it is the operation's own name, which a developer chose.
 */
export function nameOf(
  operation: OperationDefinitionNode,
  document: DocumentNode,
  isTrusted: boolean,
): string {
  if (isTrusted && operation.name !== undefined) return operation.name.value;
  const fields = [...rootFieldsOf(operation.selectionSet, document)];
  const ours = fields.filter((name) => !name.startsWith('__'));
  const [only = INTROSPECTION] = ours;
  return ours.length > 1 ? SEVERAL : only;
}

/** Every name that `nameOf` can give. */
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
