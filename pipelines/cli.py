"""The `merx` command."""

from __future__ import annotations

import sys

import typer

from core.errors import MerxError
from pipelines.commands import (
    accounts,
    audit,
    data,
    erasures,
    evaluate,
    explain,
    explain_recommendation,
    index,
    judgments,
    models,
    notifications,
    outbox,
    payments,
    recommend,
    sandbox,
    serve,
    suggestions,
    tune,
)
from pipelines.console import console

app = typer.Typer(
    name="merx",
    help="A shop's own transactions turned into search and recommendations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(serve.demo)
app.command("import")(data.import_)
app.command("snapshot")(data.snapshot)
app.add_typer(index.app, name="index")
app.add_typer(suggestions.app, name="suggestions")
app.command("train")(models.train)
app.command("tune")(tune.tune_)
app.add_typer(evaluate.app, name="evaluate")
app.command("explain")(explain.explain_)
app.command("explain-recommendation")(explain_recommendation.explain_recommendation)
app.add_typer(judgments.app, name="judgments")
app.command("recommend")(recommend.recommend)
app.command("promote")(models.promote)
app.command("rollback")(models.rollback)
app.command("serve")(serve.serve)
app.command("relay")(serve.relay)
app.command("sandbox")(sandbox.sandbox)
app.command("upkeep")(serve.keep_up)
app.add_typer(payments.app, name="payments")
app.add_typer(outbox.app, name="outbox")
app.add_typer(audit.app, name="audit")
app.add_typer(accounts.users, name="users")
app.add_typer(accounts.keys, name="keys")
app.add_typer(erasures.app, name="erasures")
app.add_typer(notifications.app, name="notifications")


def main() -> int:
    """Run the command line; 0 when all went well, 1 when the job failed, 2 for a call that makes no sense."""
    try:
        app()
    except MerxError as error:
        console.print(f"merx: {error.message}", style="red", markup=False, soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
