import { Kind } from 'graphql';
import type { FragmentDefinitionNode, OperationDefinitionNode, SelectionSetNode } from 'graphql';

/** The approximate lengths of the lists of the introspection schema. */
const LIST_LENGTHS: Readonly<Record<string, number>> = {
  types: 100,
  fields: 10,
  inputFields: 5,
  possibleTypes: 15,
  enumValues: 10,
  interfaces: 1,
  args: 1,
  directives: 5,
};

/**
 * The approximate number of values in the answer to an introspection query. graphql-js limits how deep lists may be nested,
 * but not how often a field may be selected inside them, so a few kilobytes can request millions of values.
 */
export function introspectionWeight(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): number {
  const known = new Map<string, number>();

  const weigh = (set: SelectionSetNode, isInside: boolean): number => {
    let sum = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value;
        const inside = isInside || name === '__schema' || name === '__type';
        if (!inside) continue;
        const items = isInside ? (LIST_LENGTHS[name] ?? 1) : 1;
        sum += 1 + (selection.selectionSet ? items * weigh(selection.selectionSet, true) : 0);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) sum += weigh(selection.selectionSet, isInside);
      else {
        // Validation guarantees that it exists and does not include itself. Each fragment is weighed once.
        const name = selection.name.value;
        const fragment = fragments.get(name);
        const key = `${isInside} ${name}`;
        const weight = known.get(key) ?? (fragment ? weigh(fragment.selectionSet, isInside) : 0);
        known.set(key, weight);
        sum += weight;
      }
    }
    return sum;
  };
  return weigh(operation.selectionSet, false);
}
