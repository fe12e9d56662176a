# The web page, a client of the server's HTTP interface. It has none of the server's code and needs neither torch nor Ray.
#   docker build -f docker/ui.Dockerfile -t imagine-ui:0.1.0 .
#   docker run --init -p 7860:7860 imagine-ui:0.1.0 --service http://…:8000

ARG DIGEST=""
FROM python:3.11.14-slim-bookworm${DIGEST} AS build
COPY requirements/ui.lock /tmp/
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r /tmp/ui.lock

FROM python:3.11.14-slim-bookworm${DIGEST}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="imagine-ui" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --create-home --uid 1000 imagine
COPY --from=build /opt/venv /opt/venv
COPY gradio_ui /app/gradio_ui
RUN chmod -R a+rX /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    GRADIO_ANALYTICS_ENABLED=False
USER 1000:1000
WORKDIR /home/imagine
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=10s --timeout=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/', timeout=4)"]
ENTRYPOINT ["python", "-m", "gradio_ui", "--host", "0.0.0.0", "--port", "7860"]
