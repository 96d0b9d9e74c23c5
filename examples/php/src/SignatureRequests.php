<?php

declare(strict_types=1);

namespace Sigillo\Example;

/** What this application does with Sigillo. */
final class SignatureRequests
{
    private const REQUEST_SIGNATURE = <<<'GRAPHQL'
        mutation ($input: RequestSignatureInput!) {
          requestSignature(input: $input) {
            __typename
            ... on RequestSignaturePayload { signatureRequest { id qrCode { link } } }
            ... on InvalidInputError { fieldErrors { path message } }
            ... on AnchorNotFoundError { anchors { text nearest } }
            ... on RequestSignatureIncompleteError { step cause { message ... on DocumentRejectedError { reasons } } }
            ... on Error { message }
          }
        }
        GRAPHQL;

    private const SIGNATURE_REQUEST = <<<'GRAPHQL'
        query ($id: ID!) {
          signatureRequest(id: $id) { status rejectReason documents { title downloadUrl } }
        }
        GRAPHQL;

    public function __construct(private readonly Gateway $gateway)
    {
    }

    /**
     * @param string $key an idempotency key: a retry with the same key and the same input continues, also after a crash
     *
     * @return array{id: string, qrCode: array{link: string}}
     */
    public function request(string $pdf, string $fiscalCode, string $title, string $key): array
    {
        $input = [
            'dossier' => ['create' => ['title' => $title]],
            'signer' => ['fiscalCode' => $fiscalCode],
            'documents' => [[
                'title' => $title,
                'file' => null,
                'fields' => [[
                    'clause' => ['title' => 'Firma del contratto', 'type' => 'REQUIRED'],
                    // The signature is placed below this text of the PDF.
                    'position' => ['anchor' => ['text' => 'Firma', 'align' => 'BELOW']],
                ]],
            ]],
            'idempotencyKey' => $key,
        ];
        $files = ['variables.input.documents.0.file' => $pdf];
        $data = $this->gateway->execute(self::REQUEST_SIGNATURE, ['input' => $input], $files);
        $result = $data['requestSignature'];

        return match ($result['__typename']) {
            'RequestSignaturePayload' => $result['signatureRequest'],
            'InvalidInputError' => throw new NotRequestedException(self::list('The input is not valid:', array_map(
                static fn (array $error): string => implode('.', $error['path']) . ": {$error['message']}",
                $result['fieldErrors'],
            ))),
            'AnchorNotFoundError' => throw new NotRequestedException(self::list("$pdf does not contain:", array_map(
                static fn (array $anchor): string => "“{$anchor['text']}”, similar: " . ($anchor['nearest'] ?? 'none'),
                $result['anchors'],
            ))),
            'RequestSignatureIncompleteError' => throw new NotRequestedException(self::list(
                "The step {$result['step']} failed: {$result['cause']['message']}",
                $result['cause']['reasons'] ?? [],
            )),
            'OutcomeUnknownError' => throw new NotRequestedException(
                "{$result['message']}\nRetry the call with the idempotency key $key",
            ),
            // The schema may get new errors. Every error has a message.
            default => throw new NotRequestedException($result['message']),
        };
    }

    /**
     * Reads the signature request every few seconds until the citizen has signed.
     *
     * @return string the pre-signed URL of the signed document
     */
    public function waitForDocument(string $id, int $timeoutSeconds): string
    {
        $deadline = time() + $timeoutSeconds;
        while (time() < $deadline) {
            $request = $this->read($id);
            switch ($request['status'] ?? null) {
                case 'SIGNED':
                    return $request['documents'][0]['downloadUrl']
                        ?? throw new NotRequestedException('The service has no link to the document now: try later');
                case 'REJECTED':
                    throw new NotRequestedException("Not signed: {$request['rejectReason']}");
                case 'CANCELLED':
                    throw new NotRequestedException('Not signed: the request was cancelled');
                default:
                    sleep(3);
            }
        }
        throw new NotRequestedException("The signature request $id was not signed within $timeoutSeconds seconds");
    }

    /** @return ?array<string, mixed> null if reading failed for a moment */
    private function read(string $id): ?array
    {
        try {
            return $this->gateway->execute(self::SIGNATURE_REQUEST, ['id' => $id])['signatureRequest'];
        } catch (GatewayException $error) {
            return $error->isTransient() ? null : throw $error;
        }
    }

    /** @param list<string> $items */
    private static function list(string $heading, array $items): string
    {
        return implode("\n  ", [$heading, ...$items]);
    }
}
