"""The commands about published drops: verify, key, forget, diff, replay, prune, rollback."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.commands.given_settings import settings_given
from pipeline.commands.options import DROP, Drops, Json, RunsState, Target
from pipeline.commands.output import print_json, print_lines
from pipeline.common.errors import WarehouseError


def verify(
    drop: Annotated[str | None, typer.Argument(help=DROP, metavar="DROP")] = None,
    key: Annotated[
        str | None, typer.Option(help="The sender's public key; the drop must be signed with it.", metavar="FILE|RW…")
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Check the log of publications instead.")] = False,
    exports: Drops = None,
    state: RunsState = None,
) -> None:
    """Check a drop against its manifest, or the log of publications; print a line per fault, exit 1 if there is one."""
    from pipeline.storage.minisign import read_public_key

    public = None if key is None else read_public_key(key)
    if log and drop is None:
        from pipeline.orchestration.logs import verify_logs

        faults, whole = verify_logs(settings_given({"exports": exports, "state": state}), public)
    elif drop is not None and not log:
        from pipeline.contracts.read_contracts import contracts_in_folder
        from pipeline.drops.find_drop import place_of_drop
        from pipeline.drops.verify import reads_contents, verify_drop
        from pipeline.paths import PROJECT_ROOT

        place = place_of_drop(drop, settings_given({"exports": exports, "state": state}))
        faults = verify_drop(place, contracts_in_folder(PROJECT_ROOT / "models"), public)
        whole = [f"{drop}: as published" + ("" if public is None else f", signed with {public.text}")]
        if not faults and not reads_contents(place):
            whole.append("its files are encrypted and can't be decrypted here: only the encrypted bytes were checked")
    else:
        raise WarehouseError("verify needs a DROP or --log", remedy="give one of the two")
    print_lines(*map(str, faults))
    if faults:
        raise typer.Exit(1)
    print_lines(*whole)


def key(
    file: Annotated[Path, typer.Argument(help="A new file; the public key is written next to it.", metavar="FILE")],
) -> None:
    """Make a key pair for signatures, in minisign's format; set signing_key to FILE."""
    from pipeline.storage.minisign import write_key_pair

    public = write_key_pair(file)
    print_lines(
        f"{file}: the secret key, only for you", f"{file.with_suffix('.pub')}: {public.text}, for your receivers"
    )


def forget(
    stakeholder: Annotated[str | None, typer.Option(help="A person at a customer.", metavar="EMAIL|ID")] = None,
    user: Annotated[str | None, typer.Option(help="A member of your own team.", metavar="EMAIL|ID")] = None,
    organization: Annotated[
        int | None, typer.Option(help="The organization, if ids overlap; an address is forgotten in all by default.")
    ] = None,
    exports: Drops = None,
    state: RunsState = None,
    target: Target = None,
) -> None:
    """Remove a person from everything that is kept (drops, landing zone, marts, records) and from every later run."""
    from pipeline.orchestration.forgetting.forget import forget as forget_person

    settings = settings_given({"exports": exports, "state": state, "target": target})
    given: list[tuple[Literal["stakeholder", "user"], str | None]] = [("stakeholder", stakeholder), ("user", user)]
    if stakeholder is None and user is None:
        raise WarehouseError("forget needs --stakeholder or --user", remedy="give an e-mail address or an id")
    for role, wanted in ((role, wanted) for role, wanted in given if wanted is not None):
        certificate = forget_person(settings, role, wanted, organization, partial(typer.echo, err=True))
        print_lines(*certificate.lines(), "", f"certificate: {settings.state}/forgotten/{certificate.entry.entry}.md")


def diff(
    old: Annotated[str, typer.Argument(help=DROP, metavar="DROP")],
    new: Annotated[str, typer.Argument(help=DROP, metavar="DROP")],
    export: Annotated[str | None, typer.Option(help="One export only.")] = None,
    exports: Drops = None,
    state: RunsState = None,
    as_json: Json = False,
) -> None:
    """Compare two drops: rows, cells by column, totals of money, accounts that moved."""
    from pipeline.drops.diff import diff_drops, diff_lines
    from pipeline.drops.find_drop import find_drop, open_drop

    settings = settings_given({"exports": exports, "state": state})
    with open_drop(find_drop(old, settings)) as before, open_drop(find_drop(new, settings)) as now:
        found = diff_drops(before, now, export)
    if as_json:
        print_json(found.as_dict())
    else:
        print_lines(*diff_lines(found))


def replay(
    drop: Annotated[str, typer.Argument(help=DROP, metavar="DROP")],
    exports: Drops = None,
    state: Annotated[
        Path | None, typer.Option(help="The state folder of the run that published it.", metavar="DIR")
    ] = None,
) -> None:
    """Rebuild a drop from the landing zone: exit 0 if it is the same byte for byte, 1 if not."""
    from pipeline.common.progress import open_progress
    from pipeline.orchestration.replay import replay as replayed

    outcome = replayed(settings_given({"exports": exports, "state": state}), drop, open_progress())
    typer.echo("\n".join(outcome.lines))
    if outcome.differing:
        raise typer.Exit(1)


def prune(
    exports: Drops = None,
    state: RunsState = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be removed.")] = False,
) -> None:
    """Remove expired drops, and landed files that no retained drop was made from."""
    from pipeline.orchestration.upkeep import prune_all

    pruned = prune_all(settings_given({"exports": exports, "state": state}), dry_run=dry_run)
    typer.echo("\n".join(["would be removed:" if dry_run else "removed:", *pruned.lines]))


def rollback(
    drop: Annotated[str, typer.Argument(help=DROP, metavar="DROP")],
    exports: Drops = None,
    state: RunsState = None,
    target: Target = None,
) -> None:
    """Point `latest` at an earlier drop, and restore its rows in the marts."""
    from pipeline.orchestration.rollback import roll_back

    print_lines(*roll_back(settings_given({"exports": exports, "state": state, "target": target}), drop))
