# The API, its worker and its migrations in one image; the command decides. Root is read-only,
# what changes is in /data, the key of identities apart from it in /keys.

FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/safeguarding
COPY requirements.lock ./
RUN /opt/safeguarding/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md ./
COPY app app
COPY migrations migrations
RUN /opt/safeguarding/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --uid 10001 --home-dir /data --shell /usr/sbin/nologin safeguarding \
    && install --directory --owner safeguarding --group safeguarding --mode 0700 /data /keys
COPY --from=build /opt/safeguarding /opt/safeguarding
ENV PATH=/opt/safeguarding/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data \
    KEY_FILE=/keys/identities.json
USER safeguarding
WORKDIR /data
VOLUME /data /keys
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/livez', timeout=2)"]
ENTRYPOINT ["safeguarding"]
CMD ["serve"]
