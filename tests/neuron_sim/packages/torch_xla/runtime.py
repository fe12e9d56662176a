"""One process."""


def global_ordinal() -> int:
    return 0


def is_spmd() -> bool:
    return False
