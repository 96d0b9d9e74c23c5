import { Kind } from 'graphql';
import type { FragmentDefinitionNode, OperationDefinitionNode, SelectionSetNode } from 'graphql';

/** Lists of the introspection schema and how long they are here, roughly. */
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
 * How many values an answer about the schema would have, roughly. graphql-js bounds how deep lists may be nested in such
 * a query but not how often a field may be asked for inside of them, and a few kilobytes can ask for millions.
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
        // Validation has made sure that it exists and does not hold itself. Each is weighed once.
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
