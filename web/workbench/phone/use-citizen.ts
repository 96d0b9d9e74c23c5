import { useCallback, useEffect, useState } from 'react';
import { isRefused } from '../gateway/token.ts';
import { control, ControlError } from '../sandbox/control.ts';
import type { Outcome, WaitingRequest } from '../sandbox/control.ts';

export interface Citizen {
  /** The requests that the citizen can sign. */
  readonly requests: readonly WaitingRequest[];
  /** The code of the problem that the last signature had. */
  readonly problem: string | undefined;
  /** The trust provider takes a minute, which is skipped unless the clock is frozen. @returns whether it is signed */
  readonly sign: (id: string, clauses: readonly string[], outcome: Outcome) => Promise<boolean>;
  readonly read: () => Promise<void>;
}

const INTERVAL_MS = 2_000;
const FISCAL_CODE = /^[A-Z\d]{16}$/;

/** The citizen with this fiscal code, whose side only the control API of the sandbox knows. */
export function useCitizen(fiscalCode: string, status: string | undefined, isFrozen: boolean): Citizen {
  const [requests, setRequests] = useState<readonly WaitingRequest[]>([]);
  const [problem, setProblem] = useState<string>();
  const code = fiscalCode.trim().toUpperCase();
  const read = useCallback(async () => {
    if (!FISCAL_CODE.test(code)) return setRequests([]);
    setRequests((await control.waiting(code)).requests.toReversed());
  }, [code]);
  useEffect(() => {
    const attempt = (): void => {
      if (!document.hidden && !isRefused.get()) read().catch(() => undefined);
    };
    attempt();
    const timer = setInterval(attempt, INTERVAL_MS);
    return () => clearInterval(timer);
  }, [read, status]);
  const sign: Citizen['sign'] = async (id, clauses, outcome) => {
    setProblem(undefined);
    try {
      await control.sign(id, clauses, outcome);
      if (!isFrozen) await control.complete(id, outcome);
      return true;
    } catch (error) {
      setProblem(error instanceof ControlError ? (error.code ?? error.message) : String(error));
      return false;
    }
  };
  return { requests, problem, sign, read };
}
