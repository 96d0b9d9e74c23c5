import { builder } from './builder.ts';

/** An enum whose values are the words of `Value`, each with its description; the compiler misses none. */
export function describedEnum<Value extends string>(
  name: string,
  description: string,
  values: Readonly<Record<Value, string>>,
) {
  const described = Object.entries<string>(values).map(
    ([value, words]) => [value, { description: words }] as const,
  );
  // `Object.entries` widens the keys to string; they are those of `values`.
  const entries = Object.fromEntries(described) as Record<Value, { description: string }>;
  return builder.enumType(name, { description, values: entries });
}
