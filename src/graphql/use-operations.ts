import type { Plugin } from 'graphql-yoga';
import { nodeRequest, nodeResponse } from '../http/client-address.ts';
import { JSON_TYPE } from '../http/media-types.ts';
import { NodeHeaders } from '../auth/headers.ts';
import { jsonAnswer } from './json-answer.ts';
import type { Operations } from './operations.ts';
import { GRAPHQL_TYPE } from './parsing/request-format.ts';
import type { Results } from './results.ts';
import { callerOf } from './use-admission.ts';

/**
 * Runs the operations that come through Yoga as all others (`Operations`), in place of Yoga's own parsing, validation and
 * execution, and makes their answers in JSON alike.
 */
export function useOperations(operations: Operations, results: Results): Plugin {
  return {
    onParams({ params, request, context, setParams, setParamsHandler }) {
      const [req, res] = [nodeRequest(context), nodeResponse(context)];
      if (req === undefined || res === undefined) throw new TypeError('Yoga runs without node:http');
      const requested = operations.read(params, req.method);
      // Yoga checks the parameters again, and knows none of a trusted document.
      const { query, operationName, variables } = requested.parameters;
      setParams({
        query,
        ...(operationName !== undefined && { operationName }),
        variables: { ...variables },
      });
      const headers = new NodeHeaders(req.headers);
      setParamsHandler(() => operations.run(requested, { req, res, headers, caller: callerOf(request) }));
    },

    onResultProcess({ request, result, setResult, setResultProcessor }) {
      // Batches are switched off, so there is one result.
      const [single = {}] = [result].flat();
      const finished = results.finish(single);
      setResult(finished);
      const [type = ''] = (request.headers.get('accept') ?? JSON_TYPE).split(',');
      if (Symbol.asyncIterator in finished || (type !== JSON_TYPE && type !== GRAPHQL_TYPE)) return;
      setResultProcessor((_, fetchAPI) => {
        const { status, headers = {}, body } = jsonAnswer(finished, type);
        return new fetchAPI.Response(String(body), { status, headers });
      }, type);
    },
  };
}
