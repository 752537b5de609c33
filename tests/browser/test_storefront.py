"""The storefront page in Chromium: each scenario is a small script that visits the shop as a shopper would."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.browser.conftest import Visited

SCENARIOS = Path(__file__).parent / "scenarios"
PATIENCE = 200  # seconds; on an idle machine a scenario takes 3 to 30


@pytest.mark.browser
@pytest.mark.parametrize("scenario", sorted(path.stem for path in SCENARIOS.glob("*.mjs")))
def test_scenario(scenario: str, shop: Visited, node_packages: Path, chromium: str) -> None:
    environment = {
        **os.environ,
        "MERX_TEST_SHOP_URL": shop.url,
        "MERX_TEST_NODE": str(node_packages),
        "MERX_TEST_CHROMIUM": chromium,
    }
    done = subprocess.run(
        ["node", SCENARIOS / f"{scenario}.mjs"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{shop.said()}"
