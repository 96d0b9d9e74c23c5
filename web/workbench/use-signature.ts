import { useCallback, useEffect, useRef, useState } from 'react';
import { GraphqlRequestError } from '../../client/index.ts';
import { useSubscription } from '../../client/react.ts';
import { failureOf, failureOfFault } from './failure.ts';
import type { Failure } from './failure.ts';
import { RECONNECT, run } from './gateway/client.ts';
import { pollNow } from './gateway/poll-now.ts';
import { isRefused } from './gateway/token.ts';
import {
  CANCEL_SIGNATURE_REQUEST,
  REQUEST_SIGNATURE,
  SIGNATURE_REQUEST_CHANGED,
} from './gateway/operations.ts';
import type { SignatureRequest } from './gateway/operations.ts';
import { requestInput } from './institution/draft.ts';
import type { Draft } from './institution/draft.ts';
import { randomId } from '../random-id.ts';
import { addItem } from './timeline/timeline-store.ts';

export interface Signature {
  /** The share of the documents that was sent; undefined unless an operation runs. */
  readonly share: number | undefined;
  readonly failure: Failure | undefined;
  /** The id and, once the stream has delivered it, the state of the request. */
  readonly requestId: string | undefined;
  readonly request: SignatureRequest | undefined;
  /** Whether the connection of the stream is lost, until it is opened again. */
  readonly isLost: boolean;
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
  const { request, isLost } = useRequest(requestId, setFailure);

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
  return { share, failure: shown, requestId, request, isLost, send, cancel, clear, pollNow: poll };
}

/** What of a draft is sent. */
const contentOf = ({ dossierTitle, fiscalCode, documents }: Draft): string =>
  JSON.stringify([dossierTitle, fiscalCode, documents.map(({ id, title, fields }) => [id, title, fields])]);

/** A retry of the same draft has the same key, so it continues where the last attempt stopped. */
function useKey(): (content: string) => string {
  const last = useRef<{ content: string; key: string }>(undefined);
  return (content) => {
    if (last.current?.content !== content) last.current = { content, key: randomId() };
    return last.current.key;
  };
}

function useRequest(
  id: string | undefined,
  onFailure: (failure: Failure) => void,
): Pick<Signature, 'request' | 'isLost'> {
  const variables = id === undefined ? undefined : { id };
  const stream = useSubscription(SIGNATURE_REQUEST_CHANGED, variables, RECONNECT);
  const request = stream.data?.signatureRequestChanged;
  const status = request?.status;
  const reason = request?.rejectReason ?? undefined;
  useEffect(() => {
    if (status !== undefined) addItem({ kind: 'status', status, reason });
  }, [status, reason, id]);
  const error = stream.status === 'failed' ? stream.error : undefined;
  useEffect(() => {
    if (!(error instanceof GraphqlRequestError)) return;
    // With another token, and so another client, the stream is opened again.
    if (error.code === 'UNAUTHENTICATED') isRefused.set(true);
    else onFailure(failureOfFault(error));
  }, [error, onFailure]);
  return { request, isLost: stream.status === 'lost' };
}
