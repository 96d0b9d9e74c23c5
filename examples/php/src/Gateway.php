<?php

declare(strict_types=1);

namespace Sigillo\Example;

/** A client of Sigillo: GraphQL over HTTP, and files as GraphQL multipart requests. */
final class Gateway
{
    /** @param ?string $key the API key, if the gateway requires one */
    public function __construct(
        private readonly string $url,
        private readonly ?string $key,
        private readonly Transport $transport,
    ) {
    }

    /**
     * @param array<string, mixed> $variables
     * @param array<string, string> $files paths of PDFs by the variable that is null, such as "variables.input.file"
     *
     * @return array<string, mixed> the data of the result
     *
     * @throws GatewayException for each error of docs/reference/errors.md that is not in the result of a mutation
     */
    public function execute(string $query, array $variables, array $files = []): array
    {
        $operation = self::encode(['query' => $query, 'variables' => $variables]);
        $headers = $this->key === null ? [] : ["x-api-key: $this->key"];
        if ($files === []) {
            $response = $this->transport->postJson($this->url, $operation, $headers);
        } else {
            // Each part is mapped to its variable: {"0": ["variables.input.file"]}.
            $map = array_map(static fn (string $variable): array => [$variable], array_keys($files));
            $fields = ['operations' => $operation, 'map' => self::encode((object) $map)];
            $response = $this->transport->postMultipart($this->url, $fields, array_values($files), $headers);
        }

        return $this->dataOf($response);
    }

    /** Stores the file of a pre-signed URL. The URL is a credential: it must not appear in a log or in a message. */
    public function download(string $url, string $target): void
    {
        // An incomplete file never has the name of the document.
        $status = $this->transport->download($url, "$target.part");
        if ($status !== 200) {
            throw new GatewayException("The storage answered $status: the link has expired, or the file is gone");
        }
        rename("$target.part", $target);
    }

    /** @return array<string, mixed> */
    private function dataOf(Response $response): array
    {
        $result = json_decode($response->body, true);
        if (!is_array($result) || !(isset($result['data']) || isset($result['errors']))) {
            throw new GatewayException(
                "HTTP $response->status, and not an answer of GraphQL: is $this->url the gateway?",
            );
        }
        if (isset($result['errors'])) {
            ['message' => $message, 'extensions' => $extensions] = $result['errors'][0] + ['extensions' => []];
            $code = $extensions['code'] ?? null;
            $requestId = $extensions['requestId'] ?? 'unknown';
            throw new GatewayException("$code: $message (request id $requestId)", $code);
        }

        return $result['data'];
    }

    private static function encode(mixed $value): string
    {
        return json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
    }
}
