import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import ErrorsPlugin from '@pothos/plugin-errors';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import { GraphQLError } from 'graphql';
import { roleOf } from '../auth/caller.ts';
import type { Role } from '../auth/caller.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import { recordResultError } from '../observability/logging/request-scope.ts';
import { DomainError } from '../resolvers/errors/domain-errors.ts';
import type { FileUpload } from '../uploads/file-upload.ts';

export interface SchemaTypes {
  Context: GatewayContext;
  DefaultFieldNullability: false;
  AuthScopes: Record<Role, boolean>;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    FiscalCode: { Input: string; Output: never };
    URL: { Input: never; Output: string };
    Upload: { Input: FileUpload; Output: never };
  };
}

function recordError(error: Error): void {
  if (error instanceof DomainError) recordResultError(error.code);
}

export const builder = new SchemaBuilder<SchemaTypes>({
  // The first plugin is the outermost: authorization precedes the conversion of errors into results.
  plugins: [ScopeAuthPlugin, ErrorsPlugin, ComplexityPlugin],
  // A field without a `complexity` costs no upstream call. `OperationCost` enforces the limit, so the plugin does not.
  complexity: { disabled: true, defaultComplexity: 0, defaultListMultiplier: 1 },
  defaultFieldNullability: false,
  scopeAuth: {
    // Authorize once, before the first upstream call, and not for each event.
    authorizeOnSubscribe: true,
    authScopes({ caller }) {
      const role = roleOf(caller);
      return { operator: role === 'operator', reader: role === 'reader', citizen: role === 'citizen' };
    },
    unauthorizedError: () =>
      new GraphQLError(
        'Your role does not permit this field. Use a token or an API key with a role that does.',
        { extensions: { code: 'FORBIDDEN' } },
      ),
  },
  errors: {
    directResult: true,
    // Errors in results never reach `errors[]`. This puts their codes into the log.
    onResolvedError: recordError,
  },
});

builder.queryType({
  description: 'Reads. A field is null when the record does not exist or the caller may not access it.',
});
builder.mutationType({
  description:
    'Writes. The steps of a signature request, in order, are `createDossier`, `findSigner`, `createSignatureRequest`, `uploadDocument`, `markReady` and `notifySigner`; `requestSignature` performs all of them. Each mutation returns a union of its payload and the errors that the caller can handle. It is null when it fails with a top-level error.',
});

/** Defines an enum with a description for each value. The compiler requires every value of `Value`. */
export function describedEnum<Value extends string>(
  name: string,
  description: string,
  values: Readonly<Record<Value, string>>,
) {
  const described = Object.entries<string>(values).map(
    ([value, words]) => [value, { description: words }] as const,
  );
  // `Object.entries` widens the keys of `values` to string.
  const entries = Object.fromEntries(described) as Record<Value, { description: string }>;
  return builder.enumType(name, { description, values: entries });
}
