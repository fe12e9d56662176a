import pytest

from serve_app.api.accept import preferred

OFFERED = ["image/png", "image/jpeg", "image/webp"]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "image/png"),
        ("", "image/png"),
        ("*/*", "image/png"),
        ("image/*", "image/png"),
        ("image/webp", "image/webp"),
        ("IMAGE/WEBP", "image/webp"),
        ("text/html", "image/png"),
        ("image/avif,image/webp,image/apng,*/*;q=0.8", "image/webp"),
        ("image/png;q=0.5, image/jpeg;q=0.9, image/webp;q=0.7", "image/jpeg"),
        ("image/png;q=0, */*", "image/jpeg"),
        ("image/jpeg;q=0.3, image/*;q=0.6", "image/png"),
        ("image/*;q=0.6, image/jpeg", "image/jpeg"),
        ("image/webp ; level=1 ; q=0.2, image/jpeg ; q=0.4", "image/jpeg"),
        ("image/png;q=oops, image/webp;q=0.1", "image/webp"),
        (";;,,", "image/png"),
    ],
)
def test_the_best_liked_of_the_offered_types_is_chosen(accept: str | None, chosen: str) -> None:
    assert preferred(accept, OFFERED) == chosen


def test_the_first_offered_wins_a_tie() -> None:
    assert preferred("image/png, image/webp", ["image/webp", "image/png"]) == "image/webp"
