"""The models there are, by name, and the ones that are blended."""

from __future__ import annotations

from recsys.als import AlsModel
from recsys.base import Model
from recsys.bridges import BridgesModel
from recsys.content import ContentModel
from recsys.cooccurrence import CooccurrenceModel
from recsys.ease import EaseModel
from recsys.item_item import ItemItemModel
from recsys.popularity import PopularityModel
from recsys.session import SessionModel
from recsys.substitutes import SubstitutesModel
from recsys.taste import TasteModel
from recsys.transitions import TransitionsModel
from recsys.trending import TrendingModel

MODELS: dict[str, type[Model]] = {
    model.name: model
    for model in (
        PopularityModel,
        TrendingModel,
        TasteModel,
        ContentModel,
        ItemItemModel,
        CooccurrenceModel,
        TransitionsModel,
        BridgesModel,
        SessionModel,
        SubstitutesModel,
        EaseModel,
        AlsModel,
    )
}


def default_models() -> list[Model]:
    """One model of every kind, unfitted, with the parameters that serve."""
    return [kind() for kind in MODELS.values()]
