/** The result of the trust provider. `fails` is its error text. */
export type Outcome = 'signed' | { readonly fails: string };

/** The outcome that the citizen side reports to the issuer side. */
export type SignatureReport =
  | { readonly status: 'SIGNED' }
  | { readonly status: 'REJECTED'; readonly rejectedAt: number; readonly rejectReason: string };

/** Background work of the service after a call. Plain data, so that snapshots can contain it. */
export type Task =
  | { readonly kind: 'validate-upload'; readonly blobName: string }
  | { readonly kind: 'arrive-at-citizen'; readonly requestId: string }
  | { readonly kind: 'sign-automatically'; readonly requestId: string }
  | {
      readonly kind: 'finish-signature';
      readonly requestId: string;
      readonly attempt: number;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'report-to-issuer'; readonly requestId: string; readonly report: SignatureReport }
  | { readonly kind: 'cancel-at-citizen'; readonly requestId: string };
