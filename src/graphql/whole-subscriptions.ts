import { GraphQLError, Kind } from 'graphql';
import type { ASTVisitor, SelectionNode, SelectionSetNode, ValidationContext } from 'graphql';

const CONDITIONS: readonly string[] = ['skip', 'include'];

/**
 * Refuses subscriptions with a condition on their root field. The specification does since September 2025 (section 5.2.4.1);
 * graphql-js 16 does not, and its executor fails when no field is left.
 */
export function noConditionsAtRoot(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition({ operation, selectionSet }) {
      if (operation !== 'subscription') return;
      for (const selection of rootSelections(selectionSet, context, new Set())) {
        const condition = selection.directives?.find(({ name }) => CONDITIONS.includes(name.value));
        if (condition !== undefined)
          context.reportError(
            new GraphQLError(`Subscriptions must not use "@${condition.name.value}" at their root.`, {
              nodes: condition,
            }),
          );
      }
    },
  };
}

/** Visits each fragment once; another rule refuses fragments that include themselves. */
function* rootSelections(
  { selections }: SelectionSetNode,
  context: ValidationContext,
  seen: Set<string>,
): Generator<SelectionNode> {
  for (const selection of selections) {
    yield selection;
    if (selection.kind === Kind.INLINE_FRAGMENT) yield* rootSelections(selection.selectionSet, context, seen);
    if (selection.kind !== Kind.FRAGMENT_SPREAD || seen.has(selection.name.value)) continue;
    seen.add(selection.name.value);
    const fragment = context.getFragment(selection.name.value);
    if (fragment) yield* rootSelections(fragment.selectionSet, context, seen);
  }
}
