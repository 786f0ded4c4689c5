# The server over HTTP: slim, not as root, on a read-only root with a writable /tmp. See docs/deploy.md.
FROM python:3.13-slim AS build
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/app
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY bridge bridge
COPY tools tools
COPY server server
RUN uv sync --frozen --no-dev --no-editable --extra server --extra s3 --extra heic

FROM python:3.13-slim
COPY --from=build /app /app
RUN useradd --system --uid 10001 --home-dir /tmp imagebridge && mkdir /store && chown imagebridge /store
USER 10001
ENV PATH=/app/bin:$PATH PYTHONDONTWRITEBYTECODE=1 IMAGEBRIDGE_CARD=off IMAGEBRIDGE_STORE=/store
VOLUME /store
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["imagebridge-server", "--http", "0.0.0.0:8000"]
CMD ["--tokens", "/etc/imagebridge/tokens.toml"]
