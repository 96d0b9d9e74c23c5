import SchemaBuilder, { BasePlugin } from '@pothos/core';
import type {
  FieldNullability,
  InputFieldMap,
  PothosOutputFieldConfig,
  SchemaTypes,
  TypeParam,
} from '@pothos/core';
import { GraphQLError } from 'graphql';
import type { GraphQLFieldResolver } from 'graphql';
import type { Role } from '../auth/caller.ts';
import type { Scopes } from './scopes.ts';

type Resolver<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>;

/**
 * The field option `scopes`: the roles that may use a field.
 *
 * `@pothos/plugin-scope-auth` keeps a `WeakMap` with every context. V8 keeps what the values of one refer to until the next
 * full collection, so each request would leave all that it has read to that.
 */
class ScopesPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  /** A subscription is checked when it begins, not for each event. */
  override wrapResolve(
    resolver: Resolver<Types>,
    { kind, pothosOptions: { scopes } }: PothosOutputFieldConfig<Types>,
  ): Resolver<Types> {
    return scopes === undefined || kind === 'Subscription' ? resolver : this.#allowing(scopes, resolver);
  }

  override wrapSubscribe(
    subscribe: Resolver<Types> | undefined,
    { pothosOptions: { scopes } }: PothosOutputFieldConfig<Types>,
  ): Resolver<Types> | undefined {
    return scopes === undefined || subscribe === undefined ? subscribe : this.#allowing(scopes, subscribe);
  }

  #allowing(scopes: Scopes, resolver: Resolver<Types>): Resolver<Types> {
    const { roleOf } = this.builder.options.scopes;
    return (parent, args, context, info) => {
      if (scopes[roleOf(context)] !== true) throw forbidden();
      return resolver(parent, args, context, info);
    };
  }
}

const forbidden = (): GraphQLError =>
  new GraphQLError('Your role does not permit this field. Use a token or an API key with a role that does.', {
    extensions: { code: 'FORBIDDEN' },
  });

declare global {
  namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      scopes: ScopesPlugin<Types>;
    }
    interface SchemaBuilderOptions<Types extends SchemaTypes> {
      scopes: { readonly roleOf: (context: Types['Context']) => Role };
    }
    // With the parameters that Pothos declares.
    interface FieldOptions<
      Types extends SchemaTypes,
      ParentShape,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveShape,
      ResolveReturnShape,
    > {
      scopes?: Scopes;
    }
  }
}

SchemaBuilder.registerPlugin('scopes', ScopesPlugin);
