import SchemaBuilder from '@pothos/core';
import type { FieldMap, InputFieldMap, InputShapeFromFields, MaybePromise } from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import ErrorsPlugin from '@pothos/plugin-errors';
import { roleOf } from '../auth/caller.ts';
import { recordResultError } from '../observability/logging/request-scope.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import { DomainError } from '../resolvers/errors/domain-errors.ts';
import { MAX_WAIT_SECONDS } from '../resolvers/shared/input-rules.ts';
import type { FileUpload } from '../uploads/file-upload.ts';
import type { Timestamp } from '../upstream/timestamp.ts';
import './scopes-plugin.ts';
import type { Scopes } from './scopes.ts';

export interface SchemaTypes {
  Context: GatewayContext;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date | Timestamp };
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
  plugins: ['scopes', ErrorsPlugin, ComplexityPlugin],
  // A field without a `complexity` costs no upstream call. `OperationCost` enforces the limit, so the plugin does not.
  complexity: { disabled: true, defaultComplexity: 0, defaultListMultiplier: 1 },
  defaultFieldNullability: false,
  scopes: { roleOf: ({ caller }) => roleOf(caller) },
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

type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never;
type Input<Fields extends InputFieldMap> = InputShapeFromFields<Fields>;

/** A mutation. TypeScript infers the types in this order: the input, then the result of `resolve`, then the payload. */
interface Mutation<Fields extends InputFieldMap, Payload extends object> {
  readonly name: string;
  readonly description: string;
  /** The roles that may call the mutation. */
  readonly scopes: Scopes;
  readonly input: (t: PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>) => Fields;
  /** The maximum number of upstream calls. It may depend on numbers, lengths of lists and absent values, but not on texts. */
  readonly cost: number | ((input: Input<Fields>) => number);
  readonly resolve: (context: GatewayContext, input: Input<Fields>) => MaybePromise<Payload>;
  readonly payload: {
    readonly description: string;
    readonly fields: (t: PothosSchemaTypes.ObjectFieldBuilder<Types, Payload>) => FieldMap;
  };
  /** The errors that are members of the result. */
  readonly errors: readonly (new (...args: never[]) => DomainError)[];
}

/**
 * Adds a mutation `name(input: NameInput!): NameResult` to the schema, with the types `NameInput`, `NamePayload` and the
 * union `NameResult` of the payload and the errors.
 */
export function defineMutation<Fields extends InputFieldMap, Payload extends object>({
  name,
  description,
  scopes,
  input,
  cost,
  resolve,
  payload,
  errors,
}: Mutation<Fields, Payload>): void {
  const typeName = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const inputType = builder.inputRef<object>(`${typeName}Input`).implement({
    description: `The input of \`${name}\`.`,
    fields: input,
  });
  const payloadType: PothosSchemaTypes.ObjectRef<Types, object> = builder
    .objectRef<Payload>(`${typeName}Payload`)
    .implement(payload);
  // The compiler does not resolve the types of Pothos for type parameters. `inputType` has the fields of `Input<Fields>`.
  const typed = (args: { readonly input: object }): Input<Fields> => args.input as Input<Fields>;
  builder.mutationField(name, (t) =>
    t.field({
      type: payloadType,
      nullable: true,
      description,
      scopes,
      complexity: typeof cost === 'number' ? cost : (args) => cost(typed(args)),
      errors: {
        types: [...errors],
        union: { name: `${typeName}Result`, description: `The payload of \`${name}\`, or an error.` },
      },
      args: { input: t.arg({ type: inputType, required: true, description: 'The fields of the input.' }) },
      resolve: (_, args, context) => resolve(context, typed(args)),
    }),
  );
}

/** The input field of every mutation that creates or sends something. */
export const idempotencyKey = {
  description:
    'A key that makes retries safe: a retry with the same key and input returns the outcome of the first call. Use a random value of 1 to 255 printable ASCII characters, such as a UUID, and generate it before the first attempt. The gateway stores a key for 24 hours, unless the operator configures another time. Keys are separate per caller and per mutation. A different input with the same key is an `IdempotencyConflictError`. A retry waits while the first call is running. If null, each call has an effect of its own.',
} as const;

/** The input field of every mutation that waits. */
export const waitSeconds = {
  required: true,
  defaultValue: 15,
  description: `The maximum time to wait for the outcome, from 0 to ${MAX_WAIT_SECONDS} seconds. After that time the mutation continues with the current state.`,
} as const;

/** The maximum number of reads in a wait: six at once, then one every 3 seconds. See `waitForRequest`. */
export function costOfWait(seconds: number): number {
  if (seconds <= 0) return 0;
  return 6 + Math.ceil(Math.min(seconds, MAX_WAIT_SECONDS) / 3);
}
