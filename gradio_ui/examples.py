"""Prompts to start from, right for the model that is served."""

BUNDLED = (
    "an astronaut is dancing on green grass, sunlit",
    "a red circle on a white background",
    "a white boat and an orange fish in the sea",
    "a small house on the left and a tree on the right, in the snow",
    "a black cat on the beach, sunlit",
)
GENERAL = (
    "an astronaut is dancing on green grass, sunlit",
    "a cinematic photo of a lighthouse on a cliff in a storm, dramatic light",
    "a watercolour of a narrow street in Lisbon with a yellow tram",
    "a still life of lemons in a blue bowl, oil on canvas",
    "an isometric drawing of a tiny library in a tree",
)
BY_MODEL = {"demo_model": BUNDLED}


def examples_of(model: str) -> tuple[str, ...]:
    return BY_MODEL.get(model, GENERAL)
