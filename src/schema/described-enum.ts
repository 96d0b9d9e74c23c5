import { builder } from './builder.ts';

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
