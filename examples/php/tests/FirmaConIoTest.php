<?php

declare(strict_types=1);

namespace Sigillo\Example\Tests;

use PHPUnit\Framework\TestCase;
use Sigillo\Example\FirmaConIo;

final class FirmaConIoTest extends TestCase
{
    private static Sandbox $sandbox;

    private FirmaConIo $firma;

    public static function setUpBeforeClass(): void
    {
        self::$sandbox = Sandbox::start();
    }

    public static function tearDownAfterClass(): void
    {
        self::$sandbox->stop();
    }

    protected function setUp(): void
    {
        self::$sandbox->call('POST', '/reset');
        $this->firma = new FirmaConIo(self::$sandbox->url, key: 'any');
    }

    /** Fails a test whose calls violated the contract of the service. */
    protected function assertPostConditions(): void
    {
        self::assertSame(['violations' => []], self::$sandbox->call('DELETE', '/violations'));
    }

    public function testFindsACitizenWhoUsesTheIoApp(): void
    {
        self::assertNotNull($this->firma->findSigner('SPNDNL80R13C555X'));
    }

    public function testReportsACitizenWhoDoesNotUseTheIoApp(): void
    {
        // A magic value of the sandbox.
        self::assertNull($this->firma->findSigner('SNZAPP80A01H501C'));
    }

    public function testRetriesACallThatExceedsTheRateLimit(): void
    {
        $operation = 'getSignerByFiscalCode';
        $fault = ['kind' => 'rate-limit', 'operation' => $operation, 'retryAfterSeconds' => 1, 'count' => 1];
        self::$sandbox->call('POST', '/faults', $fault);
        self::assertNotNull($this->firma->findSigner('SPNDNL80R13C555X'));
        $journal = self::$sandbox->call('GET', "/journal?operationId=$operation");
        self::assertSame([429, 200], array_column($journal['entries'], 'status'));
    }

    public function testReadsThatACitizenHasSigned(): void
    {
        $id = $this->seedWaitingRequest();
        self::$sandbox->call('POST', '/citizen/sign', ['id' => $id]);
        self::assertSame('WAIT_FOR_SIGNATURE', $this->firma->signatureRequest($id)['status']);
        // The trust provider takes a minute.
        self::$sandbox->call('POST', '/clock/advance', ['milliseconds' => 120_000]);
        self::assertSame('SIGNED', $this->firma->signatureRequest($id)['status']);
    }

    public function testReadsWhyASignatureFailed(): void
    {
        $id = $this->seedWaitingRequest();
        $reason = 'Invalid response status from QTSP!';
        self::$sandbox->call('POST', '/citizen/sign', ['id' => $id, 'outcome' => ['fails' => $reason]]);
        self::$sandbox->call('POST', '/clock/advance', ['milliseconds' => 120_000]);
        $request = $this->firma->signatureRequest($id);
        self::assertSame('REJECTED', $request['status']);
        self::assertSame($reason, $request['reject_reason']);
    }

    private function seedWaitingRequest(): string
    {
        $seeded = self::$sandbox->call('POST', '/seed', ['requests' => [['status' => 'WAIT_FOR_SIGNATURE']]]);

        return $seeded['requests'][0]['id'];
    }
}
