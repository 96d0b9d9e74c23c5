import { useCallback, useEffect, useState } from 'react';
import { isRefused, token } from '../gateway/token.ts';
import { addItem } from '../timeline/timeline-store.ts';
import type { ActionItem, SandboxAction } from '../timeline/timeline-store.ts';
import { control } from './control.ts';
import type { ActiveFault, Clock, Snapshot, Violation } from './control.ts';

export interface SandboxState {
  readonly clock: Clock | undefined;
  readonly faults: readonly ActiveFault[];
  readonly violations: readonly Violation[];
  readonly snapshots: readonly Snapshot[];
}

export interface Sandbox extends SandboxState {
  /** The message of the last action that failed. */
  readonly problem: string | undefined;
  /** Runs an action, records it in the timeline, and reads the state again. */
  readonly act: (
    action: SandboxAction,
    perform: () => Promise<unknown>,
    detail?: ActionItem['detail'],
  ) => Promise<void>;
}

const INTERVAL_MS = 2_000;
const NOTHING: SandboxState = { clock: undefined, faults: [], violations: [], snapshots: [] };

/** The state of the sandbox, read again every two seconds while the page is visible. */
export function useSandbox(): Sandbox {
  const [state, setState] = useState(NOTHING);
  const [problem, setProblem] = useState<string>();
  const read = useCallback(async () => {
    const [clock, { faults }, { violations }, { snapshots }] = await Promise.all([
      control.clock(),
      control.faults(),
      control.violations(),
      control.snapshots(),
    ]);
    setState({ clock, faults, violations, snapshots });
  }, []);
  useEffect(() => {
    const attempt = (): void => {
      // The gateway is down or restarts: the last state stays.
      if (!document.hidden && !isRefused.get()) read().catch(() => undefined);
    };
    attempt();
    const timer = setInterval(attempt, INTERVAL_MS);
    const stop = token.subscribe(attempt);
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [read]);
  const act: Sandbox['act'] = async (action, perform, detail) => {
    try {
      setProblem(undefined);
      await perform();
      addItem({ kind: 'sandbox', action, detail });
      await read();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return { ...state, problem, act };
}
