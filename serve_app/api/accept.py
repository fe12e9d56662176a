"""The `Accept` header."""

from collections.abc import Sequence


def _quality(accept: str, media_type: str) -> float:
    """The weight the header gives to a media type: of the most specific range that names it, else 0."""
    best, quality = -1, 0.0
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        kind = media_type.split("/")[0]
        specific = {media_type: 2, f"{kind}/*": 1, "*/*": 0}.get(media_range, -1)
        if specific > best:
            best, quality = specific, _q(parameters)
    return quality


def _q(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def preferred(accept: str | None, offered: Sequence[str]) -> str:
    """The media type of `offered` that the header likes best; the first at equal liking, or where it likes none."""
    if not accept:
        return offered[0]
    return max(offered, key=lambda media_type: _quality(accept, media_type))
