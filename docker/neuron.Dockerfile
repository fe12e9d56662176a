# The server on Inferentia2. Never built where it was written: AWS's package indexes could not be reached.
#   docker build -f docker/neuron.Dockerfile --build-arg NEURON_INDEX=<AWS's pip index for Neuron> \
#     --build-arg NEURON_APT=<AWS's apt repository for Neuron> --build-arg NEURON_KEY=<its key> -t imagine-neuron:0.1.0 .
# The node has the driver; this has the runtime.

ARG DIGEST=""
FROM python:3.11.14-slim-bookworm${DIGEST} AS build
ARG NEURON_INDEX
COPY requirements/neuron.txt /tmp/
RUN test -n "$NEURON_INDEX" || { echo "--build-arg NEURON_INDEX is needed: AWS's pip index for Neuron"; exit 1; }
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --extra-index-url "$NEURON_INDEX" -r /tmp/neuron.txt

FROM python:3.11.14-slim-bookworm${DIGEST}
ARG VERSION=0.1.0
ARG NEURON_APT
ARG NEURON_KEY
LABEL org.opencontainers.image.title="imagine-neuron" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
# hadolint ignore=DL3020
ADD ${NEURON_KEY} /etc/apt/keyrings/neuron.asc
# hadolint ignore=DL3008
RUN chmod a+r /etc/apt/keyrings/neuron.asc \
    && apt-get update && apt-get install -y --no-install-recommends ca-certificates \
    && echo "deb [signed-by=/etc/apt/keyrings/neuron.asc] ${NEURON_APT} jammy main" > /etc/apt/sources.list.d/neuron.list \
    && apt-get update \
    && apt-get install -y --no-install-recommends "aws-neuronx-runtime-lib=2.28.23.0*" "aws-neuronx-collectives=2.28.27.0*" \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 imagine
COPY --from=build /opt/venv /opt/venv
COPY compile /app/compile
COPY demo_model /app/demo_model
COPY serve_app /app/serve_app
RUN chmod -R a+rX /app
ENV PATH=/opt/venv/bin:/opt/aws/neuron/bin:$PATH \
    LD_LIBRARY_PATH=/opt/aws/neuron/lib \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    IMAGINE_HOST=0.0.0.0
USER 1000:1000
WORKDIR /home/imagine
EXPOSE 8000
# a model loads for minutes
HEALTHCHECK --start-period=900s --interval=10s --timeout=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "serve_app"]
