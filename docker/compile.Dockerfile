# The compile step for Inferentia2: the compiler without a device, for any x86 machine with 64 GiB or more.
# Never built where it was written: AWS's package index could not be reached.
#   docker build -f docker/compile.Dockerfile --build-arg NEURON_INDEX=<AWS's pip index for Neuron> -t imagine-compile:0.1.0 .
#   docker run --rm -v "$PWD/build:/work" imagine-compile:0.1.0 <model> --preset sdxl-inf2 --output /work/sdxl

ARG DIGEST=""
FROM python:3.11.14-slim-bookworm${DIGEST} AS build
ARG NEURON_INDEX
COPY requirements/neuron.txt /tmp/
RUN test -n "$NEURON_INDEX" || { echo "--build-arg NEURON_INDEX is needed: AWS's pip index for Neuron"; exit 1; }
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --extra-index-url "$NEURON_INDEX" -r /tmp/neuron.txt

FROM python:3.11.14-slim-bookworm${DIGEST}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="imagine-compile" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --create-home --uid 1000 imagine && install -d -o imagine /work
COPY --from=build /opt/venv /opt/venv
COPY compile /app/compile
COPY demo_model /app/demo_model
COPY serve_app /app/serve_app
RUN chmod -R a+rX /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app
USER 1000:1000
WORKDIR /work
# a job that ends by itself
HEALTHCHECK NONE
# the exec form: SIGTERM reaches Python, which stops its compilers and keeps what is finished
ENTRYPOINT ["python", "-m", "compile"]
