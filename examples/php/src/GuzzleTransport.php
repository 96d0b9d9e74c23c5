<?php

declare(strict_types=1);

namespace Sigillo\Example;

use GuzzleHttp\Client;
use GuzzleHttp\Exception\GuzzleException;
use GuzzleHttp\Psr7\Utils;
use GuzzleHttp\RequestOptions;

/** With Guzzle 7. */
final class GuzzleTransport implements Transport
{
    private readonly Client $client;

    public function __construct()
    {
        $this->client = new Client([
            // The gateway describes an error in the body of the response.
            RequestOptions::HTTP_ERRORS => false,
            RequestOptions::CONNECT_TIMEOUT => 5,
            // An operation takes at most 90 seconds after its files.
            RequestOptions::TIMEOUT => 300,
        ]);
    }

    public function postJson(string $url, string $json, array $headers): Response
    {
        $headers = ['content-type: application/json', ...$headers];

        return $this->post($url, [RequestOptions::BODY => $json], $headers);
    }

    public function postMultipart(string $url, array $fields, array $files, array $headers): Response
    {
        $parts = [];
        foreach ($fields as $name => $contents) {
            $parts[] = ['name' => $name, 'contents' => $contents];
        }
        foreach ($files as $index => $path) {
            $parts[] = ['name' => (string) $index, 'contents' => Utils::tryFopen($path, 'rb')];
        }

        return $this->post($url, [RequestOptions::MULTIPART => $parts], $headers);
    }

    public function download(string $url, string $target): int
    {
        try {
            return $this->client->get($url, [RequestOptions::SINK => $target])->getStatusCode();
        } catch (GuzzleException) {
            // Without its message, which has the URL: the URL is a credential.
            throw new GatewayException('The download failed');
        }
    }

    /**
     * @param array<string, mixed> $options
     * @param list<string> $headers
     */
    private function post(string $url, array $options, array $headers): Response
    {
        foreach ($headers as $line) {
            [$name, $value] = explode(': ', $line, 2);
            $options[RequestOptions::HEADERS][$name] = $value;
        }
        try {
            $response = $this->client->post($url, $options);
        } catch (GuzzleException $error) {
            throw new GatewayException("Cannot reach the gateway at $url: {$error->getMessage()}", null, $error);
        }

        return new Response($response->getStatusCode(), (string) $response->getBody());
    }
}
