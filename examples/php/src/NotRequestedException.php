<?php

declare(strict_types=1);

namespace Sigillo\Example;

/** The signature was not requested, or not given, for a reason that the user can act on. */
final class NotRequestedException extends \RuntimeException
{
}
