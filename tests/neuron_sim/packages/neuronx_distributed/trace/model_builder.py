"""Names that optimum-neuron imports for tensor parallelism, which is not used."""


class BaseModelInstance: ...


class ModelBuilder: ...
