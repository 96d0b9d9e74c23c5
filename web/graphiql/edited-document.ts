import { useOperationsEditorState } from '@graphiql/react';
import { Kind, parse } from 'graphql';
import type { DocumentNode } from 'graphql';
import { useMemo } from 'react';

/** @returns undefined for a text with a syntax error */
export function parsed(query: string): DocumentNode | undefined {
  try {
    return parse(query, { noLocation: true });
  } catch {
    return undefined;
  }
}

/** The document in the editor; undefined while it has a syntax error. */
export function useEditedDocument(): DocumentNode | undefined {
  const [query] = useOperationsEditorState();
  return useMemo(() => parsed(query), [query]);
}

/**
 * The operation to execute: the proposed one, or the first if there is none of that name. GraphiQL reads a text a moment after
 * the tab was selected, and until then proposes the operation of the tab before.
 */
export function operationNameIn(
  document: DocumentNode | undefined,
  proposed: string | null | undefined,
): string | undefined {
  const names = (document?.definitions ?? []).flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? [definition.name?.value] : [],
  );
  return proposed != null && names.includes(proposed) ? proposed : names[0];
}
