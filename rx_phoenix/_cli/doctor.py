"""``rx-phoenix doctor``: what works on the way to a server, and what does not."""

from collections.abc import Mapping
from typing import Any

import typer

from rx_phoenix._cli.doctor_steps import STEPS, Context, StepResult, Verdict, examined
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.output import as_json, escape_control_chars
from rx_phoenix._cli.target import Target

__all__ = ["doctor"]

COLOURS = {
    Verdict.OK: typer.colors.GREEN,
    Verdict.SKIPPED: typer.colors.BRIGHT_BLACK,
    Verdict.FAILED: typer.colors.RED,
}


async def doctor(
    target: Target, topic: str | None, params: Mapping[str, Any], *, json: bool
) -> ExitCode:
    """Examine the way to a server, step by step, up to the first that fails.

    Args:
        target: The server.
        topic: A topic to join; None for none.
        params: What to join it with.
        json: Whether to say it in JSON lines.
    """
    patient = Context(target, topic, params)
    async with patient.stack:
        for name, step in STEPS.items():
            finding = await examined(step, patient)
            report(name, finding, json=json)
            if finding.verdict is Verdict.FAILED:
                tell_history(patient, json=json)
                return finding.code
    return ExitCode.OK


def report(name: str, finding: StepResult, *, json: bool) -> None:
    """Say what came of a step."""
    if json:
        typer.echo(
            as_json(
                {
                    "step": name,
                    "verdict": finding.verdict,
                    "text": finding.text,
                    "advice": finding.advice,
                }
            )
        )
        return
    verdict = typer.style(f"{finding.verdict:8}", fg=COLOURS[finding.verdict])
    typer.echo(f"{verdict} {name:10} {escape_control_chars(finding.text)}")
    if finding.advice:
        typer.echo(f"{'':8} {'':10} {finding.advice}")


def tell_history(patient: Context, *, json: bool) -> None:
    """Say what had happened to the connection by then."""
    if patient.socket is not None and not json:
        typer.echo()
        for line in patient.socket.diagnosis().splitlines():
            typer.echo(escape_control_chars(line))
