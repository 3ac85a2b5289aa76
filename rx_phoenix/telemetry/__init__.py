"""OpenTelemetry metrics and spans of a socket. Requires the extra ``otel``."""

try:
    from rx_phoenix.telemetry._instrument import instrument
except ModuleNotFoundError as _missing:
    if (_missing.name or "").partition(".")[0] != "opentelemetry":
        raise
    text = (
        "rx_phoenix.telemetry requires OpenTelemetry, which is not installed. "
        "Install it with: pip install 'rx_phoenix[otel]'"
    )
    raise ModuleNotFoundError(text, name=_missing.name) from _missing

__all__ = ["instrument"]
