import { useEffect, useRef } from 'react';
import type { Dispatch } from 'react';
import { adviceCode } from '../failure.ts';
import { run } from '../gateway/client.ts';
import { INSPECT_DOCUMENT } from '../gateway/operations.ts';
import { fieldInput } from './draft.ts';
import type { DraftAction, DraftDocument } from './draft.ts';

const QUIET_MS = 500;

/** Asks the gateway about the document after each change of its fields, once the user pauses. */
export function useInspection(document: DraftDocument | undefined, dispatch: Dispatch<DraftAction>): void {
  const lastItem = useRef<number>(undefined);
  const { id, file, fields } = document ?? {};
  const sent = JSON.stringify(fields?.map(fieldInput));
  useEffect(() => {
    if (id === undefined || file === undefined) return undefined;
    let isCurrent = true;
    const inspect = async (): Promise<void> => {
      const input = { file, fields: JSON.parse(sent) };
      const { data, fault, itemId } = await run(INSPECT_DOCUMENT, { input }, { replaces: lastItem.current });
      lastItem.current = itemId;
      const result = data?.inspectDocument;
      if (!isCurrent) return;
      const inspection =
        result?.__typename === 'InspectDocumentPayload'
          ? result
          : { code: adviceCode(fault?.code ?? (result && 'code' in result ? result.code : 'OTHER')) };
      const pages = 'pages' in inspection ? { pages: inspection.pages } : {};
      dispatch({ type: 'document', id, changes: { inspection, ...pages } });
    };
    const timer = setTimeout(() => void inspect(), QUIET_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [id, file, sent, dispatch]);
}
