# The server of `opir serve`, for processors:
#
#     docker build --tag opir .
#     docker run --rm --read-only --cap-drop ALL --publish 127.0.0.1:8000:8000 --env OPIR_TOKEN opir
#
# compose.yaml says the same with limits.

FROM python:3.13-slim-trixie AS build
WORKDIR /source
COPY constraints.txt pyproject.toml README.md LICENSE NOTICE ./
COPY src src
RUN python -m venv /opt/opir \
    && /opt/opir/bin/pip install --no-cache-dir --constraint constraints.txt '.[server]' \
    && /opt/opir/bin/python -m compileall -q /opt/opir

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="OPIR" \
      org.opencontainers.image.description="Restores photographs: a web page and an HTTP service" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/opir /opt/opir
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["/opt/opir/bin/python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8000, timeout=5); c.request('GET', '/readyz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["/opt/opir/bin/opir", "serve", "--host", "0.0.0.0", "--port", "8000"]
