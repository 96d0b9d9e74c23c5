import { useState } from 'react';
import type { SignatureRequest } from '../gateway/operations.ts';
import { Icon } from '../icon.tsx';
import { useText } from '../language/language.tsx';
import { Section } from '../parts.tsx';
import type { Clock, WaitingRequest } from '../sandbox/control.ts';
import { addItem } from '../timeline/timeline-store.ts';
import { Clauses } from './clauses.tsx';
import { useCitizen } from './use-citizen.ts';
import type { Citizen } from './use-citizen.ts';

interface PhoneProps {
  readonly fiscalCode: string;
  /** The request that the institution watches; undefined before it exists. */
  readonly request: SignatureRequest | undefined;
  readonly clock: Clock | undefined;
}

const FAILURE = 'Invalid response status from QTSP!';

/** The IO app of the citizen: messages, a request with its clauses, and the signature. */
export function Phone({ fiscalCode, request, clock }: PhoneProps) {
  const text = useText();
  const citizen = useCitizen(fiscalCode, request?.status);
  const [openId, setOpenId] = useState<string>();
  const [signingId, setSigningId] = useState<string>();
  const open = citizen.requests.find(({ id }) => id === openId);
  const isSigning = openId !== undefined && signingId === openId;
  const sign = async (id: string, clauses: readonly string[], fails: boolean): Promise<void> => {
    if (!(await citizen.sign(id, clauses, fails ? { fails: FAILURE } : 'signed'))) return;
    addItem({ kind: 'sandbox', text: fails ? text.sandboxActions.fails : text.sandboxActions.sign });
    setSigningId(id);
  };
  const leave = (): void => {
    setOpenId(undefined);
    setSigningId(undefined);
  };
  return (
    <Section id="phone" title={text.phone} lead={text.phoneLead}>
      <div className="phone">
        <div className="phone-top" aria-hidden="true">
          IO
        </div>
        <div className="screen" aria-live="polite">
          {openId === undefined ? (
            <Inbox requests={citizen.requests} request={request} onOpen={setOpenId} />
          ) : isSigning ? (
            <Signing
              status={request?.id === openId ? request.status : statusOf(open)}
              isFrozen={clock?.frozen === true}
              onAgain={() => setSigningId(undefined)}
              onBack={leave}
            />
          ) : open === undefined ? (
            <Gone onBack={leave} />
          ) : (
            <OpenRequest request={open} problem={citizen.problem} onSign={sign} onBack={leave} />
          )}
        </div>
      </div>
    </Section>
  );
}

/** Of a request that only the phone shows: it disappears when it is signed. */
const statusOf = (open: Citizen['requests'][number] | undefined): SignatureRequest['status'] =>
  open?.status ?? 'SIGNED';

function Inbox({
  requests,
  request,
  onOpen,
}: {
  requests: Citizen['requests'];
  request: SignatureRequest | undefined;
  onOpen: (id: string) => void;
}) {
  const text = useText();
  const hasQrCode = request?.status === 'WAIT_FOR_SIGNATURE';
  return (
    <>
      <h3>{text.messages}</h3>
      {requests.length === 0 && (
        <div className="empty">
          <Icon name="file" />
          <p>{text.noMessages}</p>
        </div>
      )}
      <ul className="inbox">
        {requests.map(({ id, issuerName, dossierTitle }) => (
          <li key={id}>
            <button type="button" className="message" onClick={() => onOpen(id)}>
              <span className="sender">{text.signRequestFrom(issuerName)}</span>
              <span>{dossierTitle}</span>
            </button>
          </li>
        ))}
      </ul>
      {hasQrCode && (
        <button type="button" className="btn btn-outline-primary scan" onClick={() => onOpen(request.id)}>
          <Icon name="qr" /> {text.scanQr}
        </button>
      )}
    </>
  );
}

interface OpenRequestProps {
  readonly request: WaitingRequest;
  readonly problem: string | undefined;
  readonly onSign: (id: string, clauses: readonly string[], fails: boolean) => Promise<void>;
  readonly onBack: () => void;
}

function OpenRequest({ request, problem, onSign, onBack }: OpenRequestProps) {
  const text = useText();
  const [refused, setRefused] = useState<readonly string[]>([]);
  const clauses = request.documents.flatMap((document) => document.clauses);
  const chosen = clauses
    .filter(({ title, type }) => type === 'OPTIONAL' && !refused.includes(title))
    .map(({ title }) => title);
  return (
    <>
      <Back onBack={onBack} />
      <h3>{request.dossierTitle}</h3>
      <p className="sender">{request.issuerName}</p>
      <Clauses documents={request.documents} refused={refused} onChange={setRefused} />
      {request.isExpired && (
        <p className="note warning" role="alert">
          <Icon name="clock" /> {text.requestExpired}
        </p>
      )}
      {problem !== undefined && (
        <p className="note problem" role="alert">
          <Icon name="alert" /> {text.citizenErrors[problem] ?? problem}
        </p>
      )}
      <button
        type="button"
        className="btn btn-primary"
        disabled={request.isExpired}
        onClick={() => void onSign(request.id, chosen, false)}
      >
        <Icon name="pen" /> {text.sign}
      </button>
      <button
        type="button"
        className="btn btn-link"
        disabled={request.isExpired}
        onClick={() => void onSign(request.id, chosen, true)}
      >
        {text.fail}
      </button>
    </>
  );
}

interface SigningProps {
  readonly status: SignatureRequest['status'];
  readonly isFrozen: boolean;
  readonly onAgain: () => void;
  readonly onBack: () => void;
}

function Signing({ status, isFrozen, onAgain, onBack }: SigningProps) {
  const text = useText();
  if (status === 'SIGNED')
    return (
      <div className="result good">
        <Icon name="check" />
        <h3>{text.thanks}</h3>
        <p>{text.thanksHint}</p>
        <Back onBack={onBack} />
      </div>
    );
  if (status === 'REJECTED')
    return (
      <div className="result bad">
        <Icon name="alert" />
        <h3>{text.signFailed}</h3>
        <button type="button" className="btn btn-primary" onClick={onAgain}>
          {text.tryAgain}
        </button>
        <Back onBack={onBack} />
      </div>
    );
  return (
    <div className="result">
      <div className="progress-spinner progress-spinner-active" aria-hidden="true" />
      <h3>{text.signing}</h3>
      <p>{isFrozen ? text.clockIsFrozen : text.signingHint}</p>
    </div>
  );
}

function Gone({ onBack }: { onBack: () => void }) {
  const text = useText();
  return (
    <>
      <Back onBack={onBack} />
      <p className="note">{text.requestGone}</p>
    </>
  );
}

function Back({ onBack }: { onBack: () => void }) {
  const text = useText();
  return (
    <button type="button" className="back" onClick={onBack}>
      <Icon name="left" /> {text.messages}
    </button>
  );
}
