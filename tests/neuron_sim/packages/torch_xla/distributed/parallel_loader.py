"""A name that accelerate wraps when it finds torch_xla."""


class MpDeviceLoader: ...
