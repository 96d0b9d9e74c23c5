import { useEffect, useRef, useState } from 'react';
import { useSubscription } from '../../../client/react.ts';
import { RECONNECT } from '../gateway/client.ts';
import { SIGNATURE_REQUEST_CHANGED } from '../gateway/operations.ts';
import { pollNow } from '../gateway/poll-now.ts';
import type { SignatureRequest } from '../gateway/operations.ts';
import { Icon } from '../icon.tsx';
import { useText } from '../language/language.tsx';
import { Section, takeFocus } from '../parts.tsx';
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

/** A request that the citizen is signing. */
interface Signing {
  readonly id: string;
  /** The signature had failed before: the service shows the institution nothing of the second. */
  readonly isSecond: boolean;
}

/** The IO app of the citizen: messages, a request with its clauses, and the signature. */
export function Phone({ fiscalCode, request, clock }: PhoneProps) {
  const text = useText();
  const isFrozen = clock?.frozen === true;
  const citizen = useCitizen(fiscalCode, request?.status, isFrozen);
  const [openId, setOpenId] = useState<string>();
  const [signing, setSigning] = useState<Signing>();
  useSignatureElsewhere(citizen.requests, request);
  const open = citizen.requests.find(({ id }) => id === openId);
  const sign: OpenRequestProps['onSign'] = async ({ id, status }, clauses, fails) => {
    if (!(await citizen.sign(id, clauses, fails ? { fails: FAILURE } : 'signed'))) return;
    addItem({ kind: 'sandbox', action: fails ? 'fails' : 'sign' });
    await citizen.read().catch(() => undefined);
    void pollNow(id);
    setSigning({ id, isSecond: status === 'REJECTED' });
  };
  const leave = (): void => {
    setOpenId(undefined);
    setSigning(undefined);
  };
  const screen =
    openId === undefined ? (
      <Inbox requests={citizen.requests} request={request} onOpen={setOpenId} />
    ) : signing !== undefined ? (
      <SigningScreen
        signing={signing}
        isWaiting={open !== undefined}
        isFrozen={isFrozen}
        onAgain={() => setSigning(undefined)}
        onBack={leave}
      />
    ) : open === undefined ? (
      <Gone onBack={leave} />
    ) : (
      <OpenRequest request={open} problem={citizen.problem} onSign={sign} onBack={leave} />
    );
  return (
    <Section id="phone" title={text.phone} lead={text.phoneLead}>
      <div className="phone">
        <div className="phone-top" aria-hidden="true">
          <span>
            {clock && new Date(clock.now).toLocaleTimeString('it', { hour: '2-digit', minute: '2-digit' })}
          </span>
          <span className="camera" />
          <strong>IO</strong>
        </div>
        <div className="screen">{screen}</div>
      </div>
    </Section>
  );
}

/** A request that leaves the phone without the button was signed otherwise, such as by a tag in the title of its dossier. */
function useSignatureElsewhere(requests: Citizen['requests'], request: SignatureRequest | undefined): void {
  const id = request?.status === 'WAIT_FOR_SIGNATURE' ? request.id : undefined;
  const isOnPhone = requests.some((each) => each.id === id);
  const wasOnPhone = useRef(false);
  useEffect(() => {
    if (id !== undefined && wasOnPhone.current && !isOnPhone) void pollNow(id);
    wasOnPhone.current = isOnPhone;
  }, [id, isOnPhone]);
}

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
          <Icon name="message" />
          <p>{text.noMessages}</p>
        </div>
      )}
      <ul className="inbox">
        {requests.map(({ id, issuerName, dossierTitle }) => (
          <li key={id}>
            <button type="button" className="message" onClick={() => onOpen(id)}>
              <Icon name="institution" />
              <span>
                <span className="sender">{text.signRequestFrom(issuerName)}</span>
                <span>{dossierTitle}</span>
              </span>
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
  readonly onSign: (request: WaitingRequest, clauses: readonly string[], fails: boolean) => Promise<void>;
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
      <h3 ref={takeFocus} tabIndex={-1}>
        {request.dossierTitle}
      </h3>
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
        onClick={() => void onSign(request, chosen, false)}
      >
        <Icon name="pen" /> {text.sign}
      </button>
      <button
        type="button"
        className="btn btn-link"
        disabled={request.isExpired}
        onClick={() => void onSign(request, chosen, true)}
      >
        {text.fail}
      </button>
    </>
  );
}

interface SigningScreenProps {
  readonly signing: Signing;
  /** Whether the citizen can sign the request again. */
  readonly isWaiting: boolean;
  readonly isFrozen: boolean;
  readonly onAgain: () => void;
  readonly onBack: () => void;
}

function SigningScreen({ signing, isWaiting, isFrozen, onAgain, onBack }: SigningScreenProps) {
  const text = useText();
  const { id, isSecond } = signing;
  const { data } = useSubscription(SIGNATURE_REQUEST_CHANGED, isSecond ? undefined : { id }, RECONNECT);
  const status = isSecond ? (isWaiting ? 'REJECTED' : 'SIGNED') : data?.signatureRequestChanged.status;
  if (status === 'SIGNED')
    return (
      <div className="result good" role="status">
        <Icon name="check" />
        <h3>{text.thanks}</h3>
        <p>{isSecond ? text.thanksAfterFailure : text.thanksHint}</p>
        {!isSecond && (
          <a className="btn btn-primary to-other" href="#institution">
            {text.toSigned}
          </a>
        )}
        <Back onBack={onBack} />
      </div>
    );
  if (status === 'REJECTED')
    return (
      <div className="result bad" role="status">
        <Icon name="alert" />
        <h3>{text.signFailed}</h3>
        <button type="button" className="btn btn-primary" onClick={onAgain}>
          {text.tryAgain}
        </button>
        <Back onBack={onBack} />
      </div>
    );
  return (
    <div className="result" role="status">
      <div className="progress-spinner progress-spinner-active" aria-hidden="true" />
      <h3 ref={takeFocus} tabIndex={-1}>
        {text.signing}
      </h3>
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
