import { useCallback, useEffect, useRef, useState } from 'react';
import { useSubscription } from 'urql';
import { failureOf, failureOfFault } from './failure.ts';
import type { Failure } from './failure.ts';
import { run } from './gateway/client.ts';
import { pollNow } from './gateway/poll-now.ts';
import {
  CANCEL_SIGNATURE_REQUEST,
  REQUEST_SIGNATURE,
  SIGNATURE_REQUEST_CHANGED,
} from './gateway/operations.ts';
import type { SignatureRequest } from './gateway/operations.ts';
import { requestInput } from './institution/draft.ts';
import type { Draft } from './institution/draft.ts';
import { addItem } from './timeline/timeline-store.ts';

export interface Signature {
  /** The share of the documents that was sent; undefined unless an operation runs. */
  readonly share: number | undefined;
  readonly failure: Failure | undefined;
  /** The id and, once the stream has delivered it, the state of the request. */
  readonly requestId: string | undefined;
  readonly request: SignatureRequest | undefined;
  send(): Promise<void>;
  cancel(): Promise<void>;
  /** Starts a new request. */
  clear(): void;
  /** The clock of the sandbox has changed, and with it perhaps the request. */
  pollNow(): void;
}

/** One signature request, from the mutation that makes it to its last status. */
export function useSignature(draft: Draft): Signature {
  const [share, setShare] = useState<number>();
  const [failure, setFailure] = useState<Failure>();
  const [requestId, setRequestId] = useState<string>();
  const keyOf = useKey();
  const request = useRequest(requestId, setFailure);

  const content = contentOf(draft);
  const [sent, setSent] = useState<string>();

  const send = async (): Promise<void> => {
    setSent(content);
    setFailure(undefined);
    setShare(0);
    const input = requestInput(draft, keyOf(content));
    const { data, fault } = await run(REQUEST_SIGNATURE, { input }, { onProgress: setShare });
    setShare(undefined);
    const result = data?.requestSignature;
    if (fault !== undefined) setFailure(failureOfFault(fault));
    if (!result) return;
    setFailure(failureOf(result));
    if (result.__typename === 'RequestSignaturePayload') setRequestId(result.signatureRequest.id);
  };
  const cancel = async (): Promise<void> => {
    if (requestId === undefined) return;
    const { data, fault } = await run(CANCEL_SIGNATURE_REQUEST, { input: { signatureRequestId: requestId } });
    const result = data?.cancelSignatureRequest;
    if (fault !== undefined) setFailure(failureOfFault(fault));
    else if (result && 'code' in result) setFailure(failureOfFault(result));
  };
  const clear = (): void => {
    setRequestId(undefined);
    setFailure(undefined);
  };
  const poll = useCallback((): void => {
    if (requestId !== undefined) void pollNow(requestId);
  }, [requestId]);
  // What went wrong with another draft no longer concerns this one.
  const isCurrent = requestId !== undefined || sent === content;
  const shown = isCurrent ? failure : undefined;
  return { share, failure: shown, requestId, request, send, cancel, clear, pollNow: poll };
}

/** What of a draft is sent. */
const contentOf = ({ dossierTitle, fiscalCode, documents }: Draft): string =>
  JSON.stringify([dossierTitle, fiscalCode, documents.map(({ id, title, fields }) => [id, title, fields])]);

/** A retry of the same draft has the same key, so it continues where the last attempt stopped. */
function useKey(): (content: string) => string {
  const last = useRef<{ content: string; key: string }>(undefined);
  return (content) => {
    if (last.current?.content !== content) last.current = { content, key: crypto.randomUUID() };
    return last.current.key;
  };
}

function useRequest(
  id: string | undefined,
  onFailure: (failure: Failure) => void,
): SignatureRequest | undefined {
  const [{ data, error }] = useSubscription({
    query: SIGNATURE_REQUEST_CHANGED,
    variables: { id: id ?? '' },
    pause: id === undefined,
  });
  const request = data?.signatureRequestChanged;
  const current = request?.id === id ? request : undefined;
  const status = current?.status;
  const reason = current?.rejectReason ?? undefined;
  useEffect(() => {
    if (status !== undefined) addItem({ kind: 'status', status, reason });
  }, [status, reason, id]);
  const [fault] = error?.graphQLErrors ?? [];
  useEffect(() => {
    if (fault === undefined) return;
    onFailure(failureOfFault({ code: String(fault.extensions['code']), message: fault.message }));
  }, [fault, onFailure]);
  return current;
}
