"""The push on a terminal: plans, approvals, what was told, what waits, proofs, receipts, comparisons, a profile tried."""

from typing import Any

from rich.console import Console
from rich.table import Table

from schemas.platform_profile import OPERATIONS

__all__ = [
    "print_approval", "print_hold", "print_plan", "print_profile", "print_proof", "print_push_status", "print_pushed",
    "print_receipts", "print_reconciled", "print_restored",
]  # fmt: skip

_STATE = {
    "held": "held: waits for two approvals", "released": "released: leaves with the next push", "under way": "under way",
    "told": "told",
}  # fmt: skip


def print_plan(found: dict[str, Any]) -> None:
    """Prints what a run would tell."""
    console = _console()
    console.print(
        f"Plan of run {found['run_id']} for platform {found['profile']} ({found['target']}): {_STATE[found['state']]}"
    )
    if found["under_way"]:
        unsettled = ", ".join(f"{count:,} {state}" for state, count in found["under_way"].items())
        console.print(f"Told and under way: {unsettled}; what becomes of it: eldersync push")
    console.print(
        f"{found['new']:,} new, {found['changed']:,} changed, {found['withdrawn']:,} withdrawn; digest {found['digest'][:16]}"
    )
    _print_brakes(console, found)
    table = Table()
    for column in ("person", "told as", "name", "fields that change"):
        table.add_column(column, overflow="fold")
    for person in found["people"]:
        told = OPERATIONS[person["sent_as"]]
        table.add_row(str(person["person_id"]), told, person["name"], "、".join(person["changes"]))
    if found["people"]:
        console.print(table)
    told = found["new"] + found["changed"] + found["withdrawn"]
    if told > len(found["people"]):
        console.print(
            f"… and {told - len(found['people']):,} more; all of them: eldersync plan {found['run_id']} --to F.xlsx"
        )
    if found["file"]:
        console.print(f"Written to {found['file']}", soft_wrap=True)
    if found["state"] == "held":
        console.print(
            f"Let it go (two people): eldersync approve {found['run_id']} --by NAME --reason WHY", markup=False
        )


def print_approval(found: dict[str, Any]) -> None:
    """Prints what was approved and whether it is enough."""
    console = _console()
    if found["subject"] == "plan":
        console.print(
            f"Plan of run {found['run_id']}: {found['new']:,} new, {found['changed']:,} changed, "
            f"{found['withdrawn']:,} withdrawn; digest {found['digest'][:16]}"
        )
        _print_brakes(console, found)
    else:
        console.print(f"List of {found['source']}: {found['message']}", markup=False)
    names = ", ".join(found["approvers"])
    console.print(f"Approved by {len(found['approvers'])} of {found['needed']}: {names}", markup=False)
    if not found["is_released"]:
        console.print("One more person has to approve exactly the same.")
    elif found["subject"] == "plan":
        console.print(f"Released: {found['released']:,} people. Tell the platform with: eldersync push")
    else:
        console.print("Released: the next night takes the list. Now: eldersync run")


def print_hold(found: dict[str, Any]) -> None:
    """Prints a decision about one person."""
    words = {
        "held": "is held: platforms are told nothing until `eldersync release`",
        "released": "is released: what waits leaves with the next push",
        "resent": "will be told again by the next push",
    }
    _console().print(f"Person {found['person_id']} {words[found['did']]} (by {found['by']})", markup=False)


def print_pushed(found: dict[str, Any]) -> None:
    """Prints what a push came to."""
    console, push = _console(), found["push"]
    console.print(
        f"Push for run {found['run_id']}: {push['planned']:,} planned, {push['sent']:,} told, {push['accepted']:,} accepted, "
        f"{push['rejected']:,} refused, {push['unknown']:,} of unknown outcome, {push['waiting']:,} waiting"
    )
    for reason in found["reasons"]:
        console.print(f"  - {reason}", markup=False)
    for file in found["files"]:
        console.print(f"Platform {file}", soft_wrap=True)
    if found["next_at"]:
        console.print(f"There is more to do from {found['next_at']}: eldersync push")


def print_push_status(found: dict[str, Any]) -> None:
    """Prints how the push stands."""
    console = _console()
    console.print(f"Platform {found['profile']} by {found['target']}: {found['status']}")
    waiting = found["waiting"]
    console.print("Waiting   " + ", ".join(f"{count:,} {state}" for state, count in waiting.items()))
    console.print(
        f"          {found['unreleased']:,} wait for approval, {found['refused']:,} refused by the platform, "
        f"{found['incomplete']:,} cannot be told as they are"
    )
    if waiting["held"]:
        console.print(
            f"          {waiting['held']:,} have a change that is held, and goes on only when somebody sees to it: "
            "eldersync reconcile"
        )
    if found["target_to_settle"]:
        console.print(
            f"Nothing is pushed by {found['target']} before {found['target_to_settle']} has settled what it told: "
            f'set target = "{found["target_to_settle"]}" in bureau.toml and run: eldersync push',
            markup=False,
        )
    if found["is_away_until"]:
        console.print(f"The platform does not answer; nothing is sent before {found['is_away_until']}")
    if found["stopped_by"]:
        console.print(f"Stopped: {found['stopped_by']}", markup=False)
    if found["must_reconcile"]:
        console.print("The registry was restored: eldersync reconcile")
    if found["next_at"]:
        console.print(f"Due from  {found['next_at']}: eldersync push")
    if found["held_people"]:
        console.print(
            f"Held      {len(found['held_people']):,} people are held by officers; of {found['held_back']:,} of them a change waits"
        )
    for held in found["held_people"]:
        console.print(f"Held      person {held['person_id']} since {held['since']} by {held['by']}", markup=False)


def print_restored(found: dict[str, Any]) -> None:
    """Prints what marking a restored registry does."""
    console = _console()
    waiting = ", ".join(f"{count:,} {state}" for state, count in found["waiting"].items())
    console.print(
        f"The registry is marked as restored for platform {found['profile']}: epoch {found['epoch']}, keys are new"
    )
    console.print(
        f"By its books the platform was told of {found['people']:,} people; {found['open']:,} entries are open ({waiting})"
    )
    console.print("Nothing is pushed before: eldersync reconcile")


def print_proof(found: dict[str, Any]) -> None:
    """Prints everything that was told of a person, an entry each."""
    console = _console()
    console.print(f"Person {found['person_id']}: {len(found['entries'])} entries")
    for entry in found["entries"]:
        console.print(
            f"Revision {entry['revision']} for {entry['profile']}, told as {entry['sent_as']}: [bold]{entry['state']}[/]"
        )
        for name in ("first_sent_at", "settled_at", "attempts", "batch", "code", "receipt", "digest", "key"):
            if entry[name] is not None:
                console.print(f"  {name:14}{entry[name]}", soft_wrap=True)


def print_receipts(found: dict[str, Any]) -> None:
    """Prints what a result workbook settles."""
    console = _console()
    for fault in found["faults"]:
        console.print(f"Not usable: {fault['label']} {fault['seen'] or ''}", markup=False)
    console.print(
        f"{found['rows']:,} rows, {found['broken']:,} broken lines; {found['unmentioned']:,} handed in and not mentioned"
    )
    for part in found["bins"]:
        console.print(f"  {part['rows']:>7,}  {part['label']}  {'；'.join(part['numbers'])[:200]}", markup=False)
        if part["remedy"]:
            console.print(f"           {part['remedy']}", markup=False)
    if found["is_settled"]:
        console.print(f"Settled: {found['findings']['begun']:,} findings begun, {found['findings']['ended']:,} ended")
    elif not found["faults"]:
        console.print("Nothing was settled yet; settle with --yes")


def print_reconciled(found: dict[str, Any]) -> None:
    """Prints how the two sides compare."""
    console = _console()
    console.print(f"{found['total']:,} people compared at {found['at']}")
    for name, count in found["people"].items():
        console.print(f"  {count:>9,}  {name}")
    if found["unknown_to_us"]:
        console.print(
            f"{found['unknown_to_us']:,} are held under numbers the registry does not know; a person has to look"
        )
    if found["held"]:
        console.print(
            f"{found['held']:,} have a change that is held, because the platform holds something else or nobody can tell"
        )
    if found["was_restored"]:
        console.print("The registry was restored: what the platform holds counts as told; pushing may go on")
    console.print(f"Adopted theirs: {found['adopted']:,}; to be told again: {found['to_tell_again']:,}")
    if found["told_again"]:
        console.print(
            f"Entered to be told again: {found['told_again']:,}; they leave with the next push, under its brake"
        )
    elif found["to_tell_again"]:
        console.print("Tell them again with: eldersync reconcile --reassert --by NAME --reason WHY --yes")
    for file in found["files"]:
        console.print(f"Report   {file}", soft_wrap=True)


def print_profile(found: dict[str, Any]) -> None:
    """Prints people in a platform's format, a column a person."""
    console = _console()
    example = " (an example, nobody's real format)" if found["is_example"] else ""
    console.print(
        f"{found['profile']} {found['version']} from {found['effective_from']}: {found['label']}{example}", markup=False
    )
    console.print(f"Ways: {', '.join(found['ways'])}; {found['people']:,} of {found['elders']:,} people can be told")
    for lack in found["incomplete"]:
        console.print(f"  {lack['count']:,} x {lack['header']}: {lack['problem']}", markup=False)
    for number, row in enumerate(found["rows"], start=1):
        cells = (f"{header} {cell}" for header, cell in zip(found["headers"], row, strict=True) if cell)
        console.print(f"{number:>2}. {'  '.join(cells)}", markup=False)


def _print_brakes(console: Console, found: dict[str, Any]) -> None:
    for brake in found["brakes"]:
        console.print(f"  - {brake['words']}", markup=False)


def _console() -> Console:
    return Console(highlight=False)
