"""What the database file gives away to whoever gets hold of it: nothing that says who a person is."""

from __future__ import annotations

import json
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import text

from tests.api.people import PASSWORD, log_in, member, messages, register, shop_of

EMAIL, NEW_EMAIL = "planted.person@example.com", "planted.again@example.com"
PLANTED = (
    *("planted.person", "planted.again", "Plantagenet", "7946 0958", "79460958", "Plane Tree Road"),
    *("Plantsville", "PL4 9NT", PASSWORD, "another sentence of mine", "#token="),
)


def test_nothing_personal_is_in_the_file_in_plain_text(empty_client: TestClient) -> None:
    shop = shop_of(empty_client)
    register(empty_client, EMAIL, name="Ann Plantagenet", phone="+44 20 7946 0958", country="GB")
    ann = log_in(empty_client, EMAIL)
    home = {"recipient": "A. Plantagenet", "lines": "1 Plane Tree Road", "city": "Plantsville"}
    home |= {"postcode": "PL4 9NT", "country": "GB", "phone": "020 7946 0958"}
    assert empty_client.post("/v1/me/addresses", json=home, headers=ann.headers).status_code == 201
    empty_client.post("/v1/auth/login", json={"email": EMAIL, "password": "wrong password"})
    empty_client.post("/v1/auth/password/forgot", json={"email": EMAIL})
    body = {"email": NEW_EMAIL, "password": PASSWORD}
    assert empty_client.post("/v1/me/email", json=body, headers=ann.headers).status_code == 202
    change = {"current": PASSWORD, "new": "another sentence of mine"}
    assert empty_client.post("/v1/me/password", json=change, headers=ann.headers).status_code == 204
    staff = member(empty_client, "planted.person.of.staff@example.com", role="staff")
    reason = {"reason": "asked for"}
    empty_client.post(f"/v1/staff/users/{ann.id}/block", json=reason, headers=staff.headers)
    # It is there when it is opened, so that what follows looks for the right things.
    assert {message["kind"] for message in messages(empty_client, to=EMAIL)} == {"verify-email", "reset-password"}
    with shop.database.engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    home_folder = shop.settings.home
    found = [file for file in home_folder.rglob("*") if file.is_file()]
    assert home_folder / "merx.db" in found
    for planted in PLANTED:
        for spelling in {planted, planted.lower(), json.dumps(planted)[1:-1]}:
            assert spelling.encode() not in _bytes(found), planted
    refresh: str = ann.login["refresh_token"]
    assert refresh.encode() not in _bytes(found)
    assert ann.id.encode() in _bytes(found)  # what is not personal is found this way


def _bytes(files: list[Path]) -> bytes:
    return b"".join(file.read_bytes() for file in files)
