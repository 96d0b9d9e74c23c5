import { useReducer, useState } from 'react';
import { draftReducer, EMPTY_DRAFT } from './institution/draft.ts';
import { Institution } from './institution/institution.tsx';
import { useLanguage } from './language/language.tsx';
import type { Language } from './language/messages.ts';
import { Phone } from './phone/phone.tsx';
import { SandboxBar } from './sandbox/sandbox-bar.tsx';
import { useSandbox } from './sandbox/use-sandbox.ts';
import { Timeline } from './timeline/timeline.tsx';
import { TokenBar } from './token-bar.tsx';
import { useSignature } from './use-signature.ts';

const DOSSIER_TAG = /^\[/;

/** The page: the institution, the citizen's phone, what happened, and the sandbox. */
export function App() {
  const { text } = useLanguage();
  const [draft, dispatch] = useReducer(draftReducer, EMPTY_DRAFT);
  const signature = useSignature(draft);
  const sandbox = useSandbox();
  const [epoch, setEpoch] = useState(0);
  const applyMagic = (value: string): void => {
    const isTag = DOSSIER_TAG.test(value);
    if (isTag)
      dispatch({ type: 'text', name: 'dossierTitle', value: `${EMPTY_DRAFT.dossierTitle} ${value}` });
    else dispatch({ type: 'text', name: 'fiscalCode', value });
  };
  return (
    <>
      <a className="skip" href="#institution">
        {text.skipToContent}
      </a>
      <Header />
      <TokenBar />
      <SandboxBar
        sandbox={sandbox}
        fiscalCode={draft.fiscalCode}
        onMagic={applyMagic}
        onClockChange={signature.pollNow}
        onStateChange={() => {
          signature.clear();
          setEpoch(epoch + 1);
        }}
      />
      <main className="columns">
        <Institution draft={draft} dispatch={dispatch} signature={signature} />
        <Phone key={epoch} fiscalCode={draft.fiscalCode} request={signature.request} clock={sandbox.clock} />
        <Timeline />
      </main>
      <footer>{text.about}</footer>
    </>
  );
}

const LANGUAGES: readonly (readonly [Language, string])[] = [
  ['it', 'Italiano'],
  ['en', 'English'],
];

function Header() {
  const { language, text, choose } = useLanguage();
  return (
    <header className="top">
      <div className="brand">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <circle cx="16" cy="16" r="12.5" />
          <path d="m10.5 16.5 3.8 3.8 7.4-8" />
        </svg>
        <div>
          <h1>Sigillo</h1>
          <p>{text.tagline}</p>
        </div>
      </div>
      <nav aria-label={text.language}>
        {LANGUAGES.map(([code, name]) => (
          <button
            key={code}
            type="button"
            lang={code}
            aria-pressed={code === language}
            onClick={() => choose(code)}
          >
            {name}
          </button>
        ))}
        <a href="/graphql">{text.openGraphiql}</a>
      </nav>
    </header>
  );
}
