"""A name that diffusers imports."""


def flash_attention(*args: object) -> None:
    raise NotImplementedError
