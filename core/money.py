"""Money is an integer in minor units with a currency; it is never a float outside a border that reads one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, Overflow

from core.errors import InvalidInput

# ISO 4217 exponents other than 2, of the currencies a shop is likely to meet.
_EXPONENTS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "KWD": 3,
    "TND": 3,
    "JOD": 3,
    "OMR": 3,
}


def exponent(currency: str) -> int:
    """How many decimal places the minor unit of `currency` stands below the major one."""
    return _EXPONENTS.get(currency, 2)


def check_currency(currency: str) -> str:
    """`currency` itself when it has the form of an ISO 4217 code; raises InvalidInput otherwise."""
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha() or not currency.isupper():
        raise InvalidInput(f"not a currency code: {currency!r}", currency=currency)
    return currency


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (pence, cents, fen). Adding or comparing two currencies raises InvalidInput."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        check_currency(self.currency)

    @classmethod
    def parse(cls, amount: str | int | float | Decimal, currency: str) -> Money:
        """Read an amount in major units ("2.55"), rounding half to even at the minor unit."""
        try:
            value = Decimal(str(amount))
            if not value.is_finite():
                raise InvalidInput(f"not an amount of money: {amount!r}")
            scaled = value.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
        except (InvalidOperation, Overflow) as error:
            raise InvalidInput(f"not an amount of money: {amount!r}") from error
        return cls(int(scaled), currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.minor * quantity, self.currency)

    def major(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.major():.{exponent(self.currency)}f} {self.currency}"

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise InvalidInput(f"cannot mix {self.currency} and {other.currency}")
        return other.minor
