import { createContext, useContext, useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { MESSAGES } from './messages.ts';
import type { Language, Messages } from './messages.ts';

const STORED = 'sigillo:language';

const isLanguage = (value: unknown): value is Language => value === 'it' || value === 'en';

/** The stored choice, otherwise the first language of the browser that the page has, otherwise English. */
function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  return [stored, ...navigator.languages.map((tag) => tag.slice(0, 2))].find(isLanguage) ?? 'en';
}

interface LanguageValue {
  readonly language: Language;
  readonly text: Messages;
  readonly choose: (language: Language) => void;
}

const Context = createContext<LanguageValue>({ language: 'en', text: MESSAGES.en, choose: () => undefined });

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage);
  const text = MESSAGES[language];
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = text.pageTitle;
  }, [language, text]);
  const choose = (chosen: Language): void => {
    localStorage.setItem(STORED, chosen);
    setLanguage(chosen);
  };
  return <Context value={{ language, text, choose }}>{children}</Context>;
}

export const useLanguage = (): LanguageValue => useContext(Context);
export const useText = (): Messages => useContext(Context).text;
