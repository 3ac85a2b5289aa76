"""``rx-phoenix doctor``: a diagnosis of the path to a server."""

from collections.abc import Mapping
from typing import Any

import typer

from rx_phoenix._cli.doctor_steps import STEPS, Context, StepResult, Verdict, run_step
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
    """Check the path to a server, step by step, up to the first failure.

    Args:
        target: The server.
        topic: A topic to join, or None.
        params: The params of the join.
        json: True for JSON lines.
    """
    context = Context(target, topic, params)
    async with context.stack:
        for name, step in STEPS.items():
            result = await run_step(step, context)
            report(name, result, json=json)
            if result.verdict is Verdict.FAILED:
                report_diagnosis(context, json=json)
                return result.code
    return ExitCode.OK


def report(name: str, result: StepResult, *, json: bool) -> None:
    """Print the result of a step."""
    if json:
        typer.echo(
            as_json(
                {
                    "step": name,
                    "verdict": result.verdict,
                    "text": result.text,
                    "advice": result.advice,
                }
            )
        )
        return
    verdict = typer.style(f"{result.verdict:8}", fg=COLOURS[result.verdict])
    typer.echo(f"{verdict} {name:10} {escape_control_chars(result.text)}")
    if result.advice:
        typer.echo(f"{'':8} {'':10} {result.advice}")


def report_diagnosis(context: Context, *, json: bool) -> None:
    """Print the history of the connection."""
    if context.socket is not None and not json:
        typer.echo()
        for line in context.socket.diagnosis().splitlines():
            typer.echo(escape_control_chars(line))
