"""`consentkit schema`: the JSON Schema of a policy file, so that editors complete and check it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from consentkit.cli.failure import CannotError
from consentkit.policy.format import json_schema


def schema_text() -> str:
    """The schema as it is written to a file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


@click.command()
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of standard output; a file that is there is replaced.",
)
def schema(output: Path | None) -> None:
    """Print the JSON Schema of consent.yaml.

    An editor with a YAML language server uses it when the first line of the policy is
    `# yaml-language-server: $schema=consent.schema.json`.

    \b
    Example:
        consentkit schema --output consent.schema.json
    """
    if output is None:
        click.echo(schema_text(), nl=False)
        return
    try:
        output.write_text(schema_text(), encoding="utf-8")
    except OSError as error:
        raise CannotError(f"could not write {output}: {error.strerror}") from None
