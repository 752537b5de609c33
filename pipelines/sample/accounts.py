"""Accounts to show the sample shop with: a shopper, a seller of the sample's and one of the staff."""

from __future__ import annotations

from collections import Counter

from sqlmodel import Session

from api.demo import ACCOUNTS, PASSWORD, DemoAccount
from core import profiles, registration, staffing
from core.accounts import find_account
from core.errors import InvalidInput
from core.goods import Keeper
from core.goods_views import list_products
from core.passwords import Passwords
from pipelines.house import House

HOME = {
    "recipient": "Sam Shopper",
    "lines": "1 High Street",
    "city": "London",
    "postcode": "N1 9GU",
    "phone": "",
}
COUNTRY = "GB"


def make_demo_accounts(house: House) -> int:
    """Make those of the accounts that are not there yet, with the password that everybody knows; returns how many.

    Raises InvalidInput in production.
    """
    if house.settings.mode == "production":
        raise InvalidInput("accounts with a known password are not for production")
    with house.database.read() as session:
        missing = [account for account in ACCOUNTS if find_account(session, account.email) is None]
    if not missing:
        return 0
    secret = Passwords().hash(PASSWORD)

    def make(session: Session) -> int:
        return sum(_make(session, account, password_hash=secret, house=house) for account in missing)

    return house.database.transact(make)


def demo_accounts_line() -> str:
    """Whom to log in as, in one line."""
    return f"log in as {', '.join(account.email for account in ACCOUNTS)} with {PASSWORD!r}"


def _make(session: Session, account: DemoAccount, *, password_hash: str, house: House) -> bool:
    at = house.clock()
    newcomer = registration.Newcomer(account.email, name=account.name, country=COUNTRY)
    user = registration.create(session, newcomer, password_hash=password_hash, at=at, verified=True)
    if user is None:  # somebody was faster
        return False
    if account.role == "customer":
        found = find_account(session, account.email)
        assert found is not None  # it was made above
        profiles.add_address(session, found.row, parts=HOME, country=COUNTRY, at=at)
    else:
        seller = _busiest_seller(session) if account.role == "seller" else None
        staffing.grant(session, user, role=account.role, seller=seller, actor="system", at=at)
    return True


def _busiest_seller(session: Session) -> str:
    """The public id of the seller with the most products: there is most to see."""
    everybody = Keeper("system", None, staff=True)
    products = list_products(session, everybody, status="published", limit=20_000)
    (seller, _), *_ = Counter(product.seller for product in products).most_common(1)
    return seller
