<?php

declare(strict_types=1);

namespace Sigillo\Example;

/** A client of the REST API of Firma con IO: in place of your own. It needs only the base URL of the sandbox. */
final class FirmaConIo
{
    public function __construct(
        private readonly string $baseUrl,
        private readonly string $key,
    ) {
    }

    /** @return ?string the signer id of a citizen, or null if the citizen does not use the IO app */
    public function findSigner(string $fiscalCode): ?string
    {
        [$status, $body] = $this->call('POST', '/signers', ['fiscal_code' => $fiscalCode]);

        return match ($status) {
            200 => $body['id'],
            404 => null,
            default => throw new \RuntimeException("The signer was not found: HTTP $status"),
        };
    }

    /** @return array<string, mixed> */
    public function signatureRequest(string $id): array
    {
        [$status, $body] = $this->call('GET', "/signature-requests/$id");

        return $status === 200 ? $body : throw new \RuntimeException("The request was not read: HTTP $status");
    }

    /**
     * Retries a call once that exceeds the rate limit, after the time that the service names.
     *
     * @param ?array<string, mixed> $body
     *
     * @return array{int, array<string, mixed>}
     */
    private function call(string $method, string $path, ?array $body = null): array
    {
        [$status, $answer, $pause] = $this->send($method, $path, $body);
        if ($status === 429) {
            sleep($pause);
            [$status, $answer] = $this->send($method, $path, $body);
        }

        return [$status, $answer];
    }

    /**
     * @param ?array<string, mixed> $body
     *
     * @return array{int, array<string, mixed>, int} status, body, and the seconds to wait after a 429
     */
    private function send(string $method, string $path, ?array $body): array
    {
        $pause = 1;
        $handle = curl_init($this->baseUrl . $path);
        curl_setopt_array($handle, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => ["Ocp-Apim-Subscription-Key: $this->key", 'Content-Type: application/json'],
            CURLOPT_CONNECTTIMEOUT => 5,
            CURLOPT_TIMEOUT => 30,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_HEADERFUNCTION => static function ($handle, string $line) use (&$pause): int {
                if (preg_match('/^x-rate-limit-retry-after: (\d+)/i', $line, $found) === 1) {
                    $pause = (int) $found[1];
                }

                return strlen($line);
            },
        ]);
        if ($body !== null) {
            curl_setopt($handle, CURLOPT_POSTFIELDS, json_encode($body, JSON_THROW_ON_ERROR));
        }
        $answer = curl_exec($handle);
        if ($answer === false) {
            throw new \RuntimeException("Cannot reach $this->baseUrl: " . curl_error($handle));
        }

        return [curl_getinfo($handle, CURLINFO_RESPONSE_CODE), (array) json_decode($answer, true), $pause];
    }
}
