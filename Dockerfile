ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements/build.lock requirements/runtime.lock requirements/
RUN python -m venv /build \
 && /build/bin/python -m pip install --require-hashes --requirement requirements/build.lock \
 && python -m venv --without-pip /app/venv \
 && /build/bin/python -m pip --python /app/venv/bin/python install --require-hashes --requirement requirements/runtime.lock
COPY scripts/trim_botocore.py scripts/
RUN /app/venv/bin/python scripts/trim_botocore.py
COPY pyproject.toml README.md LICENSE ./
COPY desired_state/ desired_state/
COPY reconciler/ reconciler/
RUN /build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /build/dist . \
 && /build/bin/python -m pip --python /app/venv/bin/python install --no-deps --no-index --find-links /build/dist dynamodb-reconciler \
 && /app/venv/bin/python -m compileall -q /app/venv/lib

FROM python:${PYTHON_VERSION}-slim
LABEL org.opencontainers.image.title="dynamodb-reconciler" \
      org.opencontainers.image.description="Keeps DynamoDB tables as declared" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
COPY --from=builder /app/venv /app/venv
ENV PATH=/app/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RECONCILER_DESIRED_STATE=/desired-state \
    RECONCILER_STACK=default \
    RECONCILER_HTTP_HOST=0.0.0.0
WORKDIR /app
USER 65532:65532
EXPOSE 8002
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["reconciler", "healthcheck"]
ENTRYPOINT ["reconciler"]
