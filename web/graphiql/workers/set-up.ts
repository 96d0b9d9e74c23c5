const start = {
  editor: () => new Worker(new URL('editor.ts', import.meta.url), { type: 'module' }),
  graphql: () => new Worker(new URL('graphql.ts', import.meta.url), { type: 'module' }),
  json: () => new Worker(new URL('json.ts', import.meta.url), { type: 'module' }),
};

/** The workers of the editor. The module of GraphiQL for this writes to the console. */
Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker: (_moduleId: string, label: string) =>
      label === 'graphql' || label === 'json' ? start[label]() : start.editor(),
  },
});
