# The server on CPUs, for `docker run` and for every pod of a RayService (KubeRay puts `ray start` in place of CMD).
#   docker build -f docker/serve.Dockerfile -t imagine-server:0.1.0 .
#   docker run --init --shm-size 1g -p 8000:8000 imagine-server:0.1.0
# For the same base every time: --build-arg DIGEST=@sha256:…

ARG DIGEST=""
FROM python:3.11.14-slim-bookworm${DIGEST} AS build
# Where pip's index has only torch's CUDA build, which is several GB: the URL of an index of CPU builds
ARG TORCH_INDEX=""
COPY requirements/serve.lock /tmp/
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r /tmp/serve.lock

FROM python:3.11.14-slim-bookworm${DIGEST}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="imagine-server" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
# 1000 is what k8s/base runs as
RUN useradd --create-home --uid 1000 imagine
COPY --from=build /opt/venv /opt/venv
COPY compile /app/compile
COPY demo_model /app/demo_model
COPY serve_app /app/serve_app
# safetensors writes files that only their owner may read
RUN chmod -R a+rX /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    IMAGINE_HOST=0.0.0.0
USER 1000:1000
WORKDIR /home/imagine
EXPOSE 8000
HEALTHCHECK --start-period=120s --interval=10s --timeout=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# the exec form: SIGTERM reaches Python, which lets requests in flight end
CMD ["python", "-m", "serve_app"]
