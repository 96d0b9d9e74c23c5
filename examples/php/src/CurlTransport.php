<?php

declare(strict_types=1);

namespace Sigillo\Example;

/** With PHP's own curl extension. */
final class CurlTransport implements Transport
{
    /** An operation takes at most 90 seconds after its files. A transfer may take longer, but must not stand still. */
    private const OPTIONS = [
        CURLOPT_CONNECTTIMEOUT => 5,
        CURLOPT_LOW_SPEED_LIMIT => 1,
        CURLOPT_LOW_SPEED_TIME => 120,
    ];

    public function postJson(string $url, string $json, array $headers): Response
    {
        return $this->post($url, $json, ['content-type: application/json', ...$headers]);
    }

    public function postMultipart(string $url, array $fields, array $files, array $headers): Response
    {
        foreach ($files as $index => $path) {
            $fields[(string) $index] = new \CURLFile($path, 'application/pdf', basename($path));
        }

        return $this->post($url, $fields, $headers);
    }

    public function download(string $url, string $target): int
    {
        $file = fopen($target, 'wb') ?: throw new GatewayException("Cannot write $target");
        try {
            [$status] = $this->run([CURLOPT_URL => $url, CURLOPT_FILE => $file], 'The download failed');

            return $status;
        } finally {
            fclose($file);
        }
    }

    /**
     * @param string|array<string|int, string|\CURLFile> $body
     * @param list<string> $headers
     */
    private function post(string $url, string|array $body, array $headers): Response
    {
        $options = [
            CURLOPT_URL => $url,
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_RETURNTRANSFER => true,
        ];

        return new Response(...$this->run($options, "Cannot reach the gateway at $url"));
    }

    /**
     * @param array<int, mixed> $options
     *
     * @return array{int, string} status and body
     */
    private function run(array $options, string $problem): array
    {
        $handle = curl_init();
        curl_setopt_array($handle, $options + self::OPTIONS);
        $body = curl_exec($handle);
        // Also for a response that ends early.
        if ($body === false) {
            throw new GatewayException("$problem: " . curl_strerror(curl_errno($handle)));
        }

        return [curl_getinfo($handle, CURLINFO_RESPONSE_CODE), (string) $body];
    }
}
