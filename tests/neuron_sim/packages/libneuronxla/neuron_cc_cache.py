"""Names that optimum-neuron imports; its cache is off."""


class CacheUrl: ...


class CompileCache: ...


class CompileCacheFs(CompileCache): ...


class CompileCacheS3(CompileCache): ...


def create_compile_cache(cache_url: CacheUrl) -> CompileCache:
    raise NotImplementedError
