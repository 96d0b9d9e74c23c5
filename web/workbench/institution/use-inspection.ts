import { useEffect, useRef } from 'react';
import type { Dispatch } from 'react';
import { adviceCode } from '../failure.ts';
import { run } from '../gateway/client.ts';
import { INSPECT_DOCUMENT } from '../gateway/operations.ts';
import { token } from '../gateway/token.ts';
import { useSubject } from '../subject.ts';
import { fieldsText } from './draft.ts';
import type { DraftAction, DraftDocument } from './draft.ts';

const QUIET_MS = 600;

/**
 * Has the gateway inspect the document once the user pauses. The file is sent each time, so only changes of the fields count,
 * fields that are back where they were need no inspection, and a change ends the inspection that runs.
 */
export function useInspection(document: DraftDocument, dispatch: Dispatch<DraftAction>): void {
  const lastItem = useRef<number>(undefined);
  const { id, file, inspected } = document;
  const fields = fieldsText(document);
  const caller = useSubject(token);
  const isKnown = inspected?.fields === fields;
  useEffect(() => {
    if (isKnown) return undefined;
    const left = new AbortController();
    const inspect = async (): Promise<void> => {
      const input = { file, fields: JSON.parse(fields) };
      const { data, fault, itemId } = await run(
        INSPECT_DOCUMENT,
        { input },
        { replaces: lastItem.current, signal: left.signal },
      );
      lastItem.current = itemId;
      // With another token it runs again.
      if (left.signal.aborted || fault?.code === 'UNAUTHENTICATED') return;
      const found = data?.inspectDocument;
      const result =
        found?.__typename === 'InspectDocumentPayload'
          ? found
          : { code: adviceCode(fault?.code ?? (found && 'code' in found ? found.code : 'OTHER')) };
      const pages = 'pages' in result ? { pages: result.pages } : {};
      dispatch({ type: 'document', id, changes: { inspected: { fields, result }, ...pages } });
    };
    // Nothing was inspected yet: the user waits for the first verdict.
    const timer = setTimeout(() => void inspect(), lastItem.current === undefined ? 0 : QUIET_MS);
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [id, file, fields, caller, isKnown, dispatch]);
}
