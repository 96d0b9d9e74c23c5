/** What the trust provider makes of a signature; `fails` is its error text. */
export type Outcome = 'signed' | { readonly fails: string };

/** What the citizen side tells the issuer side. */
export type SignatureNews =
  | { readonly status: 'SIGNED' }
  | { readonly status: 'REJECTED'; readonly rejectedAt: number; readonly rejectReason: string };

/** What the service does by itself, some time after the call that caused it. Plain data, so that it can be kept. */
export type Task =
  | { readonly kind: 'validate-upload'; readonly blobName: string }
  | { readonly kind: 'reach-citizen'; readonly requestId: string }
  | { readonly kind: 'sign-by-itself'; readonly requestId: string }
  | {
      readonly kind: 'finish-signature';
      readonly requestId: string;
      readonly attempt: number;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'tell-issuer'; readonly requestId: string; readonly news: SignatureNews }
  | { readonly kind: 'cancel-at-citizen'; readonly requestId: string };
